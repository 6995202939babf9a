using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;

namespace KdRobust.Persistence.Experiments;

/// <summary>Which experiments are wanted; null does not restrict.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="State">What their jobs say together.</param>
/// <param name="Name">The spec's name, exactly.</param>
/// <param name="Contains">A part of the name or title, whatever the case.</param>
/// <param name="After">Submitted then or later.</param>
/// <param name="Before">Submitted earlier.</param>
public sealed record ExperimentFilter(
    string? Owner = null, ExperimentState? State = null, string? Name = null, string? Contains = null, DateTimeOffset? After = null, DateTimeOffset? Before = null)
{
    static readonly JobState[] Open = [.. Enum.GetValues<JobState>().Where(state => !state.IsTerminal())];
    static readonly JobState[] Begun = [JobState.Running, JobState.Succeeded, JobState.Failed];

    internal IQueryable<ExperimentRow> Of(KdRobustContext context)
    {
        var found = context.Experiments.AsQueryable();
        if (Owner is { } owner) found = found.Where(e => e.Owner == owner);
        if (Name is { } name) found = found.Where(e => e.Name == name);
        if (Contains?.ToLowerInvariant() is { } part) found = found.Where(e => e.Name.ToLower().Contains(part) || e.Title.ToLower().Contains(part));
        if (After is { } after) found = found.Where(e => e.CreatedAt >= after.ToUniversalTime());
        if (Before is { } before) found = found.Where(e => e.CreatedAt < before.ToUniversalTime());
        return State is { } state ? In(state, found, context) : found;
    }

    // The same as ExperimentView.StateOf, which a test compares for every state.
    static IQueryable<ExperimentRow> In(ExperimentState state, IQueryable<ExperimentRow> found, KdRobustContext context)
    {
        var jobs = context.ExperimentJobs.Join(context.Jobs, use => use.JobId, job => job.Id, (use, job) => new { use.ExperimentId, job.State });
        return state switch
        {
            ExperimentState.Queued => found.Where(e => e.CancelledAt == null && jobs.Any(j => j.ExperimentId == e.Id && Open.Contains(j.State))
                && !jobs.Any(j => j.ExperimentId == e.Id && Begun.Contains(j.State))),
            ExperimentState.Running => found.Where(e => e.CancelledAt == null && jobs.Any(j => j.ExperimentId == e.Id && Open.Contains(j.State))
                && jobs.Any(j => j.ExperimentId == e.Id && Begun.Contains(j.State))),
            ExperimentState.Succeeded => found.Where(e => e.CancelledAt == null && !jobs.Any(j => j.ExperimentId == e.Id && j.State != JobState.Succeeded)),
            ExperimentState.Failed => found.Where(e => e.CancelledAt == null && !jobs.Any(j => j.ExperimentId == e.Id && Open.Contains(j.State))
                && jobs.Any(j => j.ExperimentId == e.Id && j.State == JobState.Failed)),
            ExperimentState.Cancelled => found.Where(e => e.CancelledAt != null || (!jobs.Any(j => j.ExperimentId == e.Id && (Open.Contains(j.State) || j.State == JobState.Failed))
                && jobs.Any(j => j.ExperimentId == e.Id && j.State == JobState.Cancelled))),
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such state"),
        };
    }
}
