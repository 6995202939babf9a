using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;

namespace KdRobust.Api.Experiments;

/// <summary>An experiment as lists show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The spec's name.</param>
/// <param name="Title">The spec's title.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="State">What its jobs say together.</param>
/// <param name="RunNumber">0 for the first; <c>again</c> raises it.</param>
/// <param name="Fingerprint">SHA-256 of the spec, the same for every run of it.</param>
/// <param name="JobCounts">Number of jobs in each state.</param>
/// <param name="CreatedAt">When it was submitted.</param>
/// <param name="CancelledBy">Who cancelled it.</param>
sealed record ExperimentSummary(
    Guid Id, string Name, string Title, string Owner, ExperimentState State, int RunNumber, string Fingerprint,
    IReadOnlyDictionary<JobState, int> JobCounts, DateTimeOffset CreatedAt, string? CancelledBy)
{
    public static ExperimentSummary Of(ExperimentView view) => new(
        view.Id, view.Name, view.Title, view.Owner, view.State, view.RunNumber, view.SpecFingerprint, view.Jobs, view.CreatedAt, view.CancelledBy);
}

/// <summary>An experiment with its jobs, parents first, and its spec.</summary>
sealed record ExperimentDetail(ExperimentSummary Experiment, IReadOnlyList<ExperimentJobView> Jobs, ExperimentSpec Spec);

/// <summary>What cancelling an experiment did.</summary>
/// <param name="Cancelled">Keys of jobs that will not run any more.</param>
/// <param name="Kept">Jobs that go on because other experiments use them.</param>
sealed record ExperimentCancelled(IReadOnlyList<string> Cancelled, IReadOnlyList<KeptJob> Kept);
