using KdRobust.Domain.Experiments;

namespace KdRobust.Persistence.Schedules;

/// <summary>What becomes of firings that no replica was there for.</summary>
public enum MissedFirings
{
    /// <summary>The newest of them is made up for, once.</summary>
    Once,
    /// <summary>None is made up for.</summary>
    Skip,
}

/// <summary>A schedule to be stored.</summary>
/// <param name="Owner">Whose it is, and whose the experiments will be.</param>
/// <param name="Name">Unique among the owner's.</param>
/// <param name="Cron">Six or seven fields, seconds first; checked by the caller.</param>
/// <param name="TimeZone">IANA name; checked by the caller.</param>
/// <param name="Missed">What becomes of missed firings.</param>
/// <param name="Spec">A spec without problems.</param>
public sealed record NewSchedule(string Owner, string Name, string Cron, string TimeZone, MissedFirings Missed, ExperimentSpec Spec);

/// <summary>A stored schedule and how it last fired.</summary>
public sealed record ScheduleView(
    Guid Id, string Owner, string Name, string Cron, string TimeZone, MissedFirings Missed, string SpecName, bool Enabled, DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt, FiringView? Last);

/// <summary>What one firing did.</summary>
/// <param name="DueAt">The time the cron expression names.</param>
/// <param name="FiredAt">When a replica acted on it.</param>
/// <param name="Host">Which one.</param>
/// <param name="ExperimentId">What it submitted; null when it could not.</param>
/// <param name="Problem">Why nothing was submitted.</param>
public sealed record FiringView(DateTimeOffset DueAt, DateTimeOffset FiredAt, string Host, Guid? ExperimentId, string? Problem);

/// <summary>What a request to fire did.</summary>
public enum FireOutcome
{
    /// <summary>An experiment was submitted.</summary>
    Submitted,
    /// <summary>This due time was fired before, by this or another replica.</summary>
    FiredBefore,
    /// <summary>The stored spec cannot be submitted any more; the firing says why.</summary>
    Refused,
    /// <summary>The schedule is paused or gone.</summary>
    NotActive,
}

/// <summary>The owner has a schedule of this name already.</summary>
public sealed class ScheduleExistsException(string name) : Exception($"there is a schedule '{name}' already");
