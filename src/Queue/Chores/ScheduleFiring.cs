using KdRobust.Persistence.Schedules;
using KdRobust.Persistence.Schema;
using Microsoft.Extensions.Logging;
using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>
/// Submits what a schedule submits. The scheduler says that a time has come; which time, and whether it was done before, the
/// rows say. So it may be told twice, late, or by another replica.
/// </summary>
sealed class ScheduleFiring(ScheduleStore schedules, ChoreHost host, TimeProvider time, ILogger<ScheduleFiring> log) : IJob
{
    internal const string Group = "schedules";
    internal static readonly JobKey Key = new("submit", Group);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.CancellationToken);
        var id = Guid.Parse(context.Trigger.Key.Name);
        var moment = context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        while (true)
        {
            try
            {
                if (await schedules.Find(id, null, either.Token) is { } schedule)
                    await Fire(schedule, moment, either.Token);
                return;
            }
            catch (Exception error) when (Database.IsWeather(error) && !either.IsCancellationRequested)
            {
                ChoreLog.Postponed(log, "a scheduled experiment", error.Message);
                await Task.Delay(Pause, time, either.Token);
            }
        }
    }

    /// <summary>Makes up for the newest due time that nobody acted on: its replica died in the middle, or none was running.</summary>
    internal async Task MakeUp(ScheduleView schedule, DateTimeOffset now, CancellationToken ct)
    {
        // The scheduler itself may still be at what was due a moment ago.
        if (schedule.Missed == MissedFirings.Once && CronTime.Parse(schedule.Cron, schedule.TimeZone).AtOrBefore(now - host.Grace) is { } due
            && due > schedule.ChangedAt && (schedule.Last is null || due > schedule.Last.DueAt))
            await Fire(schedule, due, ct);
    }

    async Task Fire(ScheduleView schedule, DateTimeOffset moment, CancellationToken ct)
    {
        if (CronTime.Parse(schedule.Cron, schedule.TimeZone).AtOrBefore(moment) is not { } due)
            return;
        var (outcome, experiment, problem) = await schedules.Fire(schedule.Id, due, host.Name, ct);
        if (outcome == FireOutcome.Submitted)
            ChoreLog.Fired(log, schedule.Name, schedule.Owner, due, experiment!.Value);
        else if (outcome == FireOutcome.Refused)
            ChoreLog.NotFired(log, schedule.Name, schedule.Owner, due, problem!);
    }
}
