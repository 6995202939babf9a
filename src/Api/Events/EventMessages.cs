using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Api.Events;

/// <summary>A job changed its state (<c>event: state</c>): one line of its history.</summary>
sealed record StateMessage(Guid JobId, string Name, JobState? From, JobState To, int Attempt, string? Worker, string Reason, DateTimeOffset At, JobFailure? Failure);

/// <summary>Where a job is (<c>event: progress</c>): the newest only, not a history.</summary>
sealed record ProgressMessage(Guid JobId, string Name, JobProgress Progress);

/// <summary>Numbers a job measured (<c>event: metrics</c>), in order, each exactly once.</summary>
sealed record MetricsMessage(Guid JobId, IReadOnlyList<Api.Jobs.Metric> Metrics);
