using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Chores;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Idempotency;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Lists;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Retention;
using KdRobust.Persistence.Schedules;
using KdRobust.Persistence.Sweeps;
using KdRobust.Persistence.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace KdRobust.Persistence.Schema;

/// <summary>The stores, for a host's container.</summary>
public static class PersistenceRegistration
{
    /// <summary>Adds the pool, the lease's times, every store and the reaper (which needs a TimeProvider and logging). The change feed is added by who knows which topics it needs.</summary>
    /// <param name="services">The container.</param>
    /// <param name="connectionString">An Npgsql connection string.</param>
    /// <param name="application">Who we are, e.g. <c>kdr-api</c>.</param>
    /// <param name="lease">The same for every program of one service.</param>
    public static IServiceCollection AddPersistence(this IServiceCollection services, string connectionString, string application, LeaseSettings lease) =>
        services
            .AddSingleton(_ => Database.Open(connectionString, application))
            .AddSingleton(lease)
            .AddSingleton<ExperimentStore>()
            .AddSingleton<SweepStore>()
            .AddSingleton<JobStore>()
            .AddSingleton<Reaper>()
            .AddSingleton<QueueLevels>()
            .AddSingleton<TableStatistics>()
            .AddSingleton<MetricStore>()
            .AddSingleton<CheckpointStore>()
            .AddSingleton<ModelFileStore>()
            .AddSingleton<ScheduleStore>()
            .AddSingleton<ChoreRunStore>()
            .AddSingleton<RetentionChore>()
            .AddSingleton<WorkerStore>()
            .AddSingleton<DeviceStore>()
            .AddSingleton<QuotaStore>()
            .AddSingleton<ApiKeyStore>()
            .AddSingleton<JobList>()
            .AddSingleton<QueueStore>()
            .AddSingleton<FinishedWork>()
            .AddSingleton<AuditStore>()
            .AddSingleton<IdempotencyStore>();
}
