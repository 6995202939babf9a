using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// The draws of one attack: every iterate of every restart is crafted under one of its own; iterates are compared under a
/// few others, the same for all of them; starts have a stream of their own. None of them ever reports.
/// </summary>
internal sealed class AttackDraws(PgdSpec spec, AttackMoment moment)
{
    /// <summary>Draws under which iterates and restarts of a random network are compared.</summary>
    public const int Selecting = 8;

    /// <summary>Of iterate k = 0..K of a restart.</summary>
    public Draw Craft(int restart, int k) => Crafting(restart, k);

    /// <summary>Of the clean prediction that the KL loss compares with.</summary>
    public Draw Clean(int restart) => Crafting(restart, spec.Steps + 1);

    /// <summary>The j-th draw that compares iterates.</summary>
    public Draw Select(int j) => new(RandomStream.Select, moment.Epoch, moment.Step * Selecting + j);

    /// <summary>Of the start of a restart.</summary>
    public Draw Start(int restart) => new(RandomStream.AttackStart, moment.Epoch, moment.Step * spec.Restarts + restart);

    Draw Crafting(int restart, int place) =>
        new(RandomStream.Craft, moment.Epoch, (moment.Step * spec.Restarts + restart) * (spec.Steps + 2L) + place);
}
