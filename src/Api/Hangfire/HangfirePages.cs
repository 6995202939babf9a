using Hangfire;
using Hangfire.Dashboard;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using KdRobust.Queue.Hangfire;

namespace KdRobust.Api.Hangfire;

/// <summary>Hangfire's own pages at <c>/hangfire</c>, over the jobs that stand for our rows. They show every owner's, so they are an admin's.</summary>
static class HangfirePages
{
    const string Place = "/hangfire";

    public static void AddHangfirePages(this IServiceCollection services)
    {
        services.AddSingleton(provider => new HangfireMirror(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetRequiredService<JobStore>(), provider.GetRequiredService<ChangeFeed>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        // Hangfire's pages look here for what changes a job.
        services.AddSingleton(provider => provider.GetRequiredService<HangfireMirror>().Client);
        services.AddHostedService<MirrorService>();
    }

    public static void UseHangfirePages(this WebApplication app) => app.Map(Place, pages => pages
        .UseMiddleware<HangfireDoor>()
        .UseMiddleware<AspNetCoreDashboardMiddleware>(
            app.Services.GetRequiredService<HangfireMirror>().Storage,
            new DashboardOptions
            {
                Authorization = [], // The door has asked.
                IgnoreAntiforgeryToken = true, // The door takes nothing that another site sends.
                DashboardTitle = "KdRobust: Hangfire",
                DisplayStorageConnectionString = false,
            },
            DashboardRoutes.Routes));

    sealed class MirrorService(HangfireMirror mirror) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => mirror.Run(stoppingToken);
    }
}
