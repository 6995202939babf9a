using KdRobust.Chaos.Checks;

namespace KdRobust.Chaos;

/// <summary>What a run of chaos did and found.</summary>
/// <param name="Seed">Repeats the schedule.</param>
/// <param name="Seconds">How long faults struck.</param>
/// <param name="Jobs">Accepted.</param>
/// <param name="States">How they ended, by state.</param>
/// <param name="Claims">Times a job was taken.</param>
/// <param name="Reaped">Times one was taken from a worker that was not heard of.</param>
/// <param name="FailedInBetween">What failed for good before the peace, in which it was tried again, and why.</param>
/// <param name="DamageNoticed">Checkpoints whose damage was found by their checksum.</param>
/// <param name="Deaths">Programs that gave up by themselves with a sentence, e.g. because the database was away when they started.</param>
/// <param name="Faults">How often each struck.</param>
/// <param name="NotHere">Faults that cannot happen here, with the reason.</param>
/// <param name="Violations">Promises that were broken.</param>
/// <param name="Schedule">What was planned, and what became of it.</param>
public sealed record ChaosReport(
    int Seed, double Seconds, int Jobs, IReadOnlyDictionary<string, long> States, long Claims, long Reaped, IReadOnlyList<string> FailedInBetween, long DamageNoticed,
    IReadOnlyList<string> Deaths, IReadOnlyDictionary<string, int> Faults, IReadOnlyDictionary<string, string> NotHere, IReadOnlyList<Violation> Violations, IReadOnlyList<string> Schedule)
{
    /// <summary>Jobs that ended.</summary>
    public long Ended => States.Where(state => state.Key is "Succeeded" or "Failed" or "Cancelled").Sum(state => state.Value);

    /// <summary>How often a promise was broken.</summary>
    public int Broken(Promise promise) => Violations.Count(violation => violation.Of == promise);

    /// <summary>Everything a person needs who looks for the fault.</summary>
    public string Text => $"seed {Seed}\n{string.Join('\n', Violations)}\n\nthe schedule that led there:\n{string.Join('\n', Schedule)}";
}
