using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Experiments;

/// <summary>What the jobs of an experiment say together.</summary>
public enum ExperimentState
{
    /// <summary>No job has started.</summary>
    Queued,
    /// <summary>Some job has started and not all have ended.</summary>
    Running,
    /// <summary>Every job succeeded.</summary>
    Succeeded,
    /// <summary>Every job ended and at least one failed.</summary>
    Failed,
    /// <summary>Cancelled by a person, or every job ended and some were cancelled without any failure.</summary>
    Cancelled,
}

/// <summary>An experiment as lists show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Seq">Its place in the order of submission: the cursor of lists.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Name">The spec's name.</param>
/// <param name="Title">The spec's title.</param>
/// <param name="SpecFingerprint">The same for every run of the same spec.</param>
/// <param name="RunNumber">0 for the first; <c>--again</c> raises it.</param>
/// <param name="State">What its jobs say together.</param>
/// <param name="Jobs">Number of jobs in each state; states without jobs are left out.</param>
/// <param name="CreatedAt">When it was submitted.</param>
/// <param name="CancelledBy">Who cancelled it, or null.</param>
public sealed record ExperimentView(
    Guid Id,
    long Seq,
    string Owner,
    string Name,
    string Title,
    string SpecFingerprint,
    int RunNumber,
    ExperimentState State,
    IReadOnlyDictionary<JobState, int> Jobs,
    DateTimeOffset CreatedAt,
    string? CancelledBy)
{
    /// <summary>True when nothing of it will change by itself any more.</summary>
    public bool HasEnded => State is ExperimentState.Succeeded or ExperimentState.Failed or ExperimentState.Cancelled;

    internal static ExperimentState StateOf(IReadOnlyDictionary<JobState, int> jobs, bool cancelled)
    {
        int Count(JobState state) => jobs.GetValueOrDefault(state);
        if (cancelled)
            return ExperimentState.Cancelled;
        if (jobs.Any(entry => entry.Value > 0 && !entry.Key.IsTerminal()))
            return Count(JobState.Running) + Count(JobState.Succeeded) + Count(JobState.Failed) > 0 ? ExperimentState.Running : ExperimentState.Queued;
        return Count(JobState.Failed) > 0 ? ExperimentState.Failed : Count(JobState.Cancelled) > 0 ? ExperimentState.Cancelled : ExperimentState.Succeeded;
    }
}

/// <summary>A job as an experiment uses it.</summary>
/// <param name="Key">Its key in the plan, e.g. <c>train/cni</c>.</param>
/// <param name="Reused">True when it was there before this experiment.</param>
/// <param name="Job">The job.</param>
public sealed record ExperimentJobView(string Key, bool Reused, JobView Job);

/// <summary>The answer to a submission.</summary>
/// <param name="Id">The experiment.</param>
/// <param name="Created">False when the same spec had been submitted before and that experiment is returned.</param>
/// <param name="RunNumber">Its run.</param>
/// <param name="Jobs">Jobs of the plan.</param>
/// <param name="ReusedJobs">Of these, how many were there before.</param>
public sealed record Submitted(Guid Id, bool Created, int RunNumber, int Jobs, int ReusedJobs);

/// <summary>An experiment with all that it is made of.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Jobs">Its jobs in the order of its plan, parents first.</param>
/// <param name="Spec">Its spec.</param>
public sealed record ExperimentDetails(ExperimentView Experiment, IReadOnlyList<ExperimentJobView> Jobs, ExperimentSpec Spec);

/// <summary>What cancelling an experiment did.</summary>
/// <param name="Found">False when there is none, or it is somebody else's.</param>
/// <param name="AlreadyEnded">True when there was nothing left to cancel.</param>
/// <param name="Cancelled">Keys of the jobs that will not run any more.</param>
/// <param name="Kept">Jobs that go on because other experiments use them.</param>
public sealed record ExperimentCancellation(bool Found, bool AlreadyEnded, IReadOnlyList<string> Cancelled, IReadOnlyList<KeptJob> Kept);

/// <summary>A job that goes on, and for whom.</summary>
public sealed record KeptJob(string Key, IReadOnlyList<Jobs.JobUser> Users);
