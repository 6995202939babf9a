using KdRobust.Domain.Jobs;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Sweeps;

namespace KdRobust.Api.Sweeps;

/// <summary>A sweep as lists show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The spec's name.</param>
/// <param name="Title">The spec's title.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="State">What its points say together.</param>
/// <param name="RunNumber">0 for the first; <c>again</c> raises it.</param>
/// <param name="Fingerprint">SHA-256 of the sweep, the same for every run of it.</param>
/// <param name="Points">Number of points in each state, of all rungs that have begun.</param>
/// <param name="Rungs">The same for each rung; a sweep without halving has one.</param>
/// <param name="JobCounts">Number of different jobs in each state.</param>
/// <param name="Trouble">Why its newest rung cannot be decided, or null.</param>
/// <param name="CreatedAt">When it was submitted.</param>
/// <param name="CancelledBy">Who cancelled it.</param>
sealed record SweepSummary(
    Guid Id, string Name, string Title, string Owner, ExperimentState State, int RunNumber, string Fingerprint, IReadOnlyDictionary<ExperimentState, int> Points,
    IReadOnlyList<RungProgress> Rungs, IReadOnlyDictionary<JobState, int> JobCounts, string? Trouble, DateTimeOffset CreatedAt, string? CancelledBy)
{
    public static SweepSummary Of(SweepView view) => new(
        view.Id, view.Name, view.Title, view.Owner, view.State, view.RunNumber, view.Fingerprint,
        view.Rungs.SelectMany(rung => rung.Points).GroupBy(entry => entry.Key).OrderBy(group => group.Key).ToDictionary(group => group.Key, group => group.Sum(entry => entry.Value)),
        view.Rungs, view.Jobs, view.Trouble, view.CreatedAt, view.CancelledBy);
}

/// <summary>A sweep and its spec.</summary>
sealed record SweepDetail(SweepSummary Sweep, SweepSpec Spec);

/// <summary>What a submission, or a retry, made.</summary>
/// <param name="Sweep">The sweep.</param>
/// <param name="Made">Experiments made now; points that use one that was there are not counted.</param>
/// <param name="Jobs">Different jobs of these.</param>
/// <param name="ReusedJobs">Of these, how many were there before.</param>
sealed record SweepFilled(SweepSummary Sweep, int Made, int Jobs, int ReusedJobs);

/// <summary>What cancelling a sweep did.</summary>
/// <param name="Experiments">Experiments that were cancelled.</param>
/// <param name="Kept">Experiments that go on, because another sweep or a person asked for them too.</param>
/// <param name="Jobs">Jobs that will not run any more.</param>
sealed record SweepCancelled(int Experiments, int Kept, int Jobs);
