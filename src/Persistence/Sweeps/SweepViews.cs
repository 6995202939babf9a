using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;

namespace KdRobust.Persistence.Sweeps;

/// <summary>Which number of which job is a result of a point.</summary>
/// <param name="Result">Result id.</param>
/// <param name="Job">The job.</param>
/// <param name="Key">The job's key in the plan.</param>
/// <param name="Target">Index into a transfer's targets; null for an evaluation.</param>
/// <param name="Aggregation">Which count.</param>
sealed record PointSource(string Result, Guid Job, string Key, int? Target, Aggregation Aggregation);

/// <summary>How far the points of a rung are.</summary>
/// <param name="Rung">0 is the first; a sweep without halving has no other.</param>
/// <param name="Points">Number of points in each state; states without points are left out.</param>
public sealed record RungProgress(int Rung, IReadOnlyDictionary<ExperimentState, int> Points);

/// <summary>A sweep as lists show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Seq">Its place in the order of submission: the cursor of lists.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Name">The spec's name.</param>
/// <param name="Title">The spec's title.</param>
/// <param name="Fingerprint">The same for every run of the same sweep.</param>
/// <param name="RunNumber">0 for the first; <c>--again</c> raises it.</param>
/// <param name="State">What its points say together.</param>
/// <param name="Rungs">How far each rung is that has begun.</param>
/// <param name="Jobs">Number of different jobs in each state; states without jobs are left out.</param>
/// <param name="Trouble">Why its newest rung cannot be decided, or null.</param>
/// <param name="CreatedAt">When it was submitted.</param>
/// <param name="CancelledBy">Who cancelled it, or null.</param>
public sealed record SweepView(
    Guid Id, long Seq, string Owner, string Name, string Title, string Fingerprint, int RunNumber, ExperimentState State,
    IReadOnlyList<RungProgress> Rungs, IReadOnlyDictionary<JobState, int> Jobs, string? Trouble, DateTimeOffset CreatedAt, string? CancelledBy)
{
    /// <summary>What the points say together. Of a halving only the last rung can fail: who failed before has merely lost.</summary>
    internal static ExperimentState StateOf(IReadOnlyList<RungProgress> rungs, bool toDecide, bool trouble, bool cancelled)
    {
        if (cancelled) return ExperimentState.Cancelled;
        var all = rungs.SelectMany(rung => rung.Points.Keys).ToHashSet();
        if (all.Contains(ExperimentState.Running)) return ExperimentState.Running;
        if (all.Contains(ExperimentState.Queued)) return all.Count == 1 ? ExperimentState.Queued : ExperimentState.Running;
        if (toDecide) return ExperimentState.Running;
        var last = rungs[^1].Points;
        return trouble || last.ContainsKey(ExperimentState.Failed) ? ExperimentState.Failed : last.ContainsKey(ExperimentState.Cancelled) ? ExperimentState.Cancelled : ExperimentState.Succeeded;
    }
}

/// <summary>A point as lists show it.</summary>
/// <param name="Rung">Its rung.</param>
/// <param name="Ordinal">Its place in the sweep.</param>
/// <param name="Values">A value for each axis.</param>
/// <param name="Experiment">The experiment it is.</param>
/// <param name="State">What the experiment's jobs say together.</param>
/// <param name="Score">By what it was compared; null before that, and without halving.</param>
public sealed record SweepPointView(int Rung, int Ordinal, IReadOnlyList<JsonElement> Values, Guid Experiment, ExperimentState State, double? Score);

/// <summary>The answer to a submission.</summary>
/// <param name="Id">The sweep.</param>
/// <param name="Created">False when the same sweep had been submitted before and that one is returned.</param>
/// <param name="RunNumber">Its run.</param>
/// <param name="Points">Its points.</param>
/// <param name="Made">Experiments made now: all of a new sweep that its owner had not yet, and of an old one those that had failed or were cancelled.</param>
/// <param name="Jobs">Different jobs of these.</param>
/// <param name="ReusedJobs">Of these, how many were there before.</param>
public sealed record SweepSubmitted(Guid Id, bool Created, int RunNumber, int Points, int Made, int Jobs, int ReusedJobs);

/// <summary>What cancelling a sweep did.</summary>
/// <param name="Found">False when there is none, or it is somebody else's.</param>
/// <param name="AlreadyEnded">True when there was nothing left to cancel.</param>
/// <param name="Experiments">Experiments that were cancelled.</param>
/// <param name="Kept">Experiments that go on, because another sweep or a person asked for them too.</param>
/// <param name="Jobs">Jobs that will not run any more.</param>
public sealed record SweepCancellation(bool Found, bool AlreadyEnded, int Experiments, int Kept, int Jobs);
