using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
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
            .AddSingleton<JobStore>()
            .AddSingleton<Reaper>()
            .AddSingleton<QueueLevels>()
            .AddSingleton<MetricStore>()
            .AddSingleton<CheckpointStore>()
            .AddSingleton<ModelFileStore>()
            .AddSingleton<WorkerStore>()
            .AddSingleton<ApiKeyStore>();
}
