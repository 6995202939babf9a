using KdRobust.Persistence.Schedules;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>
/// The clock of the chores: a clustered scheduler, one node in each replica of the API, over tables in the service's database.
/// It is told what the rows say and decides nothing: its recovery and retries are off, and what it starts may be started again.
/// </summary>
public sealed class ChoreScheduler(ISchedulerFactory factory, ScheduleStore schedules, IServiceProvider services, ChoreHost host, TimeProvider time, ILogger<ChoreScheduler> log) : BackgroundService, IAsyncDisposable
{
    const string ChoreGroup = "chores";
    const string Utc = "UTC";

    readonly ScheduleFiring firing = (ScheduleFiring)services.GetService(typeof(ScheduleFiring))!;
    readonly SemaphoreSlim changed = new(0);
    IScheduler? started;

    /// <summary>A schedule was changed: the scheduler is told soon.</summary>
    public void Changed() => changed.Release();

    /// <summary>Tells the scheduler what the rows say, and makes up for what was missed.</summary>
    async Task Look(IScheduler scheduler, CancellationToken ct)
    {
        var wanted = (await schedules.List(null, ct)).Where(schedule => schedule.Enabled).ToList();
        var known = await Known(scheduler, ScheduleFiring.Group, ct);
        foreach (var schedule in wanted)
        {
            await Tell(scheduler, known, ScheduleFiring.Key, new TriggerKey(schedule.Id.ToString(), ScheduleFiring.Group), schedule.Cron, schedule.TimeZone, schedule.Missed, ct);
            await firing.MakeUp(schedule, time.GetUtcNow(), ct);
        }
        if (known.Keys.Except(wanted.Select(schedule => new TriggerKey(schedule.Id.ToString(), ScheduleFiring.Group))).ToList() is { Count: > 0 } gone)
            await scheduler.UnscheduleJobs(gone, ct);
    }

    /// <summary>Ends also where the host was not stopped first: what this stands on is disposed after it.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { } executing)
            await executing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        changed.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host goes on starting meanwhile.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                started ??= await Begin(stoppingToken);
                await Look(started, stoppingToken);
                await changed.WaitAsync(host.LookEvery, stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                // Whatever it is, it is no reason for the whole API to end, and the next look may go well.
                ChoreLog.Postponed(log, "the scheduler", error.GetBaseException().Message);
                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await End();
    }

    async Task<IScheduler> Begin(CancellationToken ct)
    {
        var scheduler = await factory.GetScheduler(ct);
        await scheduler.AddJob(JobBuilder.Create<ScheduleFiring>().WithIdentity(ScheduleFiring.Key).StoreDurably().RequestRecovery(false).Build(), AddJobOptions.Replacing, ct);
        await Chore<RetentionJob>(scheduler, ServiceChores.Retention, host.Settings.RetentionCron, ct);
        await Chore<BackupJob>(scheduler, ServiceChores.Backup, host.Settings.BackupFolder is null ? null : host.Settings.BackupCron, ct);
        await scheduler.Start(ct);
        ChoreLog.Started(log, host.Name);
        return scheduler;
    }

    async Task End()
    {
        try
        {
            if (started is not null)
                await started.Shutdown(waitForJobsToComplete: false, CancellationToken.None);
        }
        catch (Exception error)
        {
            // The others take its place when it is not heard of; a host that ends does so all the same.
            ChoreLog.NotEnded(log, error.GetBaseException().Message);
        }
    }

    static async Task Chore<T>(IScheduler scheduler, string name, string? cron, CancellationToken ct) where T : IJob
    {
        var job = new JobKey(name, ChoreGroup);
        await scheduler.AddJob(JobBuilder.Create<T>().WithIdentity(job).StoreDurably().RequestRecovery(false).DisallowConcurrentExecution().Build(), AddJobOptions.Replacing, ct);
        var trigger = new TriggerKey(name, ChoreGroup);
        if (cron is null)
            await scheduler.UnscheduleJob(trigger, ct);
        else
            await Tell(scheduler, await Known(scheduler, ChoreGroup, ct), job, trigger, cron, Utc, MissedFirings.Once, ct);
    }

    static async Task<Dictionary<TriggerKey, ITrigger>> Known(IScheduler scheduler, string group, CancellationToken ct)
    {
        var keys = await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.GroupEquals(group), ct);
        return (await scheduler.GetTriggers(keys, ct)).ToDictionary(trigger => trigger.Key);
    }

    static async Task Tell(
        IScheduler scheduler, Dictionary<TriggerKey, ITrigger> known, JobKey job, TriggerKey key, string cron, string zone, MissedFirings missed, CancellationToken ct)
    {
        var words = $"{cron}|{zone}|{missed}";
        if (known.TryGetValue(key, out var there) && there.Description == words)
            return;
        var schedule = CronScheduleBuilder.Create(CronTime.Parse(cron, zone).Expression).InTimeZone(TimeZoneInfo.FindSystemTimeZoneById(zone))
            .WithMisfireInstruction(missed == MissedFirings.Once ? CronTriggerMisfireInstruction.FireAndProceed : CronTriggerMisfireInstruction.DoNothing);
        var trigger = TriggerBuilder.Create().WithIdentity(key).ForJob(job).WithDescription(words).WithSchedule(schedule).StartNow().Build();
        await scheduler.ScheduleTrigger(trigger, TriggerConflict.Replace, ct);
    }
}
