using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Backups;
using KdRobust.Persistence.Chores;
using KdRobust.Persistence.Retention;
using Microsoft.Extensions.Logging;
using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>What the service does for itself, written down run by run.</summary>
public sealed class ServiceChores(RetentionChore retention, ChoreRunStore runs, ChoreHost host, ILogger<ServiceChores> log)
{
    /// <summary>Name of the chore that gives back what nobody needs.</summary>
    public const string Retention = "retention";

    /// <summary>Name of the chore that makes backups.</summary>
    public const string Backup = "backup";

    /// <summary>Runs retention now.</summary>
    /// <param name="dryRun">True only says what it would do.</param>
    /// <param name="ct">Gives up.</param>
    public Task<RetentionReport> RunRetention(bool dryRun, CancellationToken ct = default) =>
        Record(Retention, dryRun, () => retention.Run(host.Settings.Retention, dryRun, ct), ct);

    /// <summary>Makes the backup of a due time unless a replica has made it.</summary>
    internal Task<ScheduledBackup> RunBackup(string folder, DateTimeOffset due, CancellationToken ct) =>
        Record(Backup, false, () => new ScheduledBackups(host.ConnectionString, folder, host.Settings.BackupsKept).Make(due, ct), ct);

    async Task<T> Record<T>(string chore, bool dryRun, Func<Task<T>> work, CancellationToken ct)
    {
        try
        {
            var report = await runs.Record(chore, host.Name, dryRun, work, ct);
            ChoreLog.Done(log, chore, JsonSerializer.Serialize(report, SpecJson.Options));
            return report;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            ChoreLog.Failed(log, chore, error.Message);
            throw;
        }
    }
}

/// <summary>Retention at its time.</summary>
sealed class RetentionJob(ServiceChores chores) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await chores.RunRetention(dryRun: false, cancellationToken);
}

/// <summary>A backup at its time.</summary>
sealed class BackupJob(ServiceChores chores, ChoreHost host) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var moment = context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        if (host.Settings is { BackupFolder: { } folder, BackupCron: { } cron })
            await chores.RunBackup(folder, CronTime.Parse(cron, "UTC").AtOrBefore(moment) ?? moment, cancellationToken);
    }
}
