using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>The chores, for a host's container that has the stores.</summary>
public static class ChoreRegistration
{
    /// <summary>Adds the chores and their clustered scheduler. <see cref="ChoreTables.Ensure"/> must have been asked before the host starts.</summary>
    /// <param name="services">The container.</param>
    /// <param name="host">Who runs them, and when.</param>
    public static IServiceCollection AddChores(this IServiceCollection services, ChoreHost host)
    {
        services.AddSingleton(host);
        services.AddSingleton<ServiceChores>();
        services.AddSingleton<ScheduleFiring>();
        services.AddTransient<RetentionJob>();
        services.AddTransient<BackupJob>();
        services.AddSingleton<ChoreScheduler>();
        services.AddHostedService(provider => provider.GetRequiredService<ChoreScheduler>());
        return services.AddQuartz(scheduler =>
        {
            scheduler.ConfigureScheduler(options =>
            {
                options.InstanceName = "kdrobust";
                options.InstanceId = host.Name;
                options.IdleWaitTime = TimeSpan.FromSeconds(5);
                options.PropagateTraceContext = false;
            });
            scheduler.UseDefaultThreadPool(3);
            scheduler.UsePersistentStore(store =>
            {
                store.UsePostgres(source => source.DataSourceFactory = provider => provider.GetRequiredService<NpgsqlDataSource>());
                store.UseSystemTextJsonSerializer();
                store.UseClustering(cluster =>
                {
                    cluster.CheckinInterval = TimeSpan.FromSeconds(host.Settings.CheckinSeconds);
                    cluster.CheckinMisfireThreshold = TimeSpan.FromSeconds(2 * host.Settings.CheckinSeconds);
                });
                store.ConfigureStore(options =>
                {
                    options.TablePrefix = $"{ChoreTables.SchemaName}.{ChoreTables.Prefix}";
                    options.MisfireThreshold = host.Grace;
                    options.DbRetryInterval = TimeSpan.FromSeconds(3);
                    options.StoreJobDataAsStrings = true;
                });
            });
        });
    }
}
