using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>What matters of a job's row. What a state makes meaningless is at its default, so that equal situations are equal.</summary>
/// <param name="State">Its state.</param>
/// <param name="Attempt">Claims that count; 0 in an end, from which only a retry leads, which sets it to 0.</param>
/// <param name="Crashes">Deaths since the last resume point, up to the last that is forgiven.</param>
/// <param name="CancelAsked">A person asked for the end of a running job.</param>
/// <param name="PauseAsked">A person asked for a pause that has not begun.</param>
/// <param name="Waits">It is not to be claimed before a time that has not come.</param>
/// <param name="Expired">Its lease has run out.</param>
/// <param name="EndedWithParent">It was cancelled because of its parent.</param>
readonly record struct JobLife(
    JobState State, int Attempt = 0, int Crashes = 0, bool CancelAsked = false, bool PauseAsked = false, bool Waits = false, bool Expired = false, bool EndedWithParent = false);

/// <summary>What a worker does.</summary>
enum HandKind
{
    /// <summary>Nothing, until it is woken.</summary>
    Asleep,
    /// <summary>Looks for work.</summary>
    Awake,
    /// <summary>Holds a lease, or believes so.</summary>
    Holds,
}

/// <summary>A worker, which may be a zombie: it can do anything at any time, with whatever lease it holds.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Job">Whose lease it holds.</param>
/// <param name="Older">Its fence is lower than the row's.</param>
/// <param name="Knows">It has reported an end, or was told that its lease is gone.</param>
readonly record struct Hand(HandKind Kind, int Job = 0, bool Older = false, bool Knows = false);

/// <summary>Everything: a parent and perhaps its child, two workers, a wake-up under way, a server that has just started.</summary>
/// <param name="Parent">The first job, which waits for nobody.</param>
/// <param name="Child">A job that waits for it; null where there is one job only.</param>
/// <param name="Left">A worker.</param>
/// <param name="Right">Another.</param>
/// <param name="Rung">A wake-up is under way; it may be heard by both, by one or by none.</param>
/// <param name="Young">The server has started less than one lease ago.</param>
readonly record struct World(JobLife Parent, JobLife? Child, Hand Left, Hand Right, bool Rung, bool Young)
{
    internal int Jobs => Child is null ? 1 : 2;

    internal JobLife Life(int job) => job == 0 ? Parent : Child!.Value;

    internal World With(int job, JobLife life) => job == 0 ? this with { Parent = life } : this with { Child = life };

    internal Hand Of(int worker) => worker == 0 ? Left : Right;

    internal World With(int worker, Hand hand) => worker == 0 ? this with { Left = hand } : this with { Right = hand };

    internal bool All(Func<JobLife, bool> condition) => condition(Parent) && (Child is not { } child || condition(child));

    /// <summary>One number for each world.</summary>
    internal ulong Packed => Pack(Parent) | (Child is { } child ? Pack(child) << 13 | 1UL << 38 : 0) | Pack(Left) << 26 | Pack(Right) << 31 | Bit(Rung, 36) | Bit(Young, 37);

    static ulong Pack(JobLife life) =>
        (ulong)life.State | (ulong)life.Attempt << 3 | (ulong)life.Crashes << 6
        | Bit(life.CancelAsked, 8) | Bit(life.PauseAsked, 9) | Bit(life.Waits, 10) | Bit(life.Expired, 11) | Bit(life.EndedWithParent, 12);

    static ulong Pack(Hand hand) => (ulong)hand.Kind | (ulong)hand.Job << 2 | Bit(hand.Older, 3) | Bit(hand.Knows, 4);

    static ulong Bit(bool set, int at) => set ? 1UL << at : 0;
}
