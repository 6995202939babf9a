using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// The draws of one attack: every iterate of every restart is crafted under its own (one, or the n of its expectation);
/// iterates are compared under a few others, the same for all of them; starts have a stream of their own. None of them ever
/// reports.
/// </summary>
internal sealed class AttackDraws(PgdSpec spec, AttackMoment moment)
{
    readonly int _expectation = spec.Expectation?.Draws ?? 1;

    /// <summary>The j-th draw, j = 0..n-1, of the gradient at iterate k = 0..K of a restart. Without expectation n is 1.</summary>
    public Draw Craft(int restart, int k, int j = 0) => Crafting(restart, k, j);

    /// <summary>Of the clean answer that the KL loss compares with and that names the least likely class: one draw a restart.</summary>
    public Draw Clean(int restart) => Crafting(restart, spec.Steps + 1, 0);

    /// <summary>The j-th draw that compares iterates.</summary>
    public Draw Select(int j) => new(RandomStream.Select, moment.Epoch, (moment.Step * spec.SelectingDraws) + j);

    /// <summary>Of the start of a restart.</summary>
    public Draw Start(int restart) => new(RandomStream.AttackStart, moment.Epoch, (moment.Step * spec.Restarts) + restart);

    Draw Crafting(int restart, int place, int j) =>
        new(RandomStream.Craft, moment.Epoch, (((((moment.Step * spec.Restarts) + restart) * (spec.Steps + 2L)) + place) * _expectation) + j);
}
