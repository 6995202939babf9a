using KdRobust.Persistence.Schedules;
using KdRobust.Queue.Chores;

namespace KdRobust.Api.Schedules;

/// <summary>A schedule as it is shown.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Unique among the owner's.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Cron">When it fires.</param>
/// <param name="TimeZone">The zone the times are meant in.</param>
/// <param name="Missed">What becomes of missed firings.</param>
/// <param name="SpecName">Name of the spec it submits.</param>
/// <param name="Enabled">False while it is paused.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Next">When it fires next; null while it is paused.</param>
/// <param name="Last">What its last firing did; null before the first.</param>
sealed record ScheduleResource(
    Guid Id, string Name, string Owner, string Cron, string TimeZone, MissedFirings Missed, string SpecName, bool Enabled, DateTimeOffset CreatedAt, DateTimeOffset? Next, FiringView? Last)
{
    public static ScheduleResource Of(ScheduleView view, DateTimeOffset now) => new(
        view.Id, view.Name, view.Owner, view.Cron, view.TimeZone, view.Missed, view.SpecName, view.Enabled, view.CreatedAt,
        view.Enabled ? CronTime.Parse(view.Cron, view.TimeZone).After(now) : null, view.Last);
}

/// <summary>A schedule with its last firings, newest first.</summary>
sealed record ScheduleDetail(ScheduleResource Schedule, IReadOnlyList<FiringView> Firings);
