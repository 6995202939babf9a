using System.Globalization;
using KdRobust.Api.Access;
using KdRobust.Api.Audit;
using KdRobust.Api.Checkpoints;
using KdRobust.Api.Chores;
using KdRobust.Api.Dashboard;
using KdRobust.Api.Datasets;
using KdRobust.Api.Events;
using KdRobust.Api.Experiments;
using KdRobust.Api.Health;
using KdRobust.Api.Jobs;
using KdRobust.Api.Keys;
using KdRobust.Api.Models;
using KdRobust.Api.Plans;
using KdRobust.Api.Observability;
using KdRobust.Api.Problems;
using KdRobust.Api.Queues;
using KdRobust.Api.Reports;
using KdRobust.Api.Requests;
using KdRobust.Api.Sweeps;
using KdRobust.Api.Schedules;
using KdRobust.Api.Workers;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Chores;
using KdRobust.Telemetry;
#if HANGFIRE
using KdRobust.Api.Hangfire;
#endif

namespace KdRobust.Api.Hosting;

/// <summary>The whole service put together: what it is made of, and where each request goes.</summary>
static class ApiApplication
{
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    /// <summary>Builds it; nothing listens yet.</summary>
    public static WebApplication Build(ApiOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.LargestBody + RequestText.Forgotten; // The endpoint itself refuses, with words.
            kestrel.Listen(options.Listen);
        });
        var identity = new ServiceIdentity("kdrobust-api", string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}"));
        builder.AddLogs(options.LogFolder, identity, options.Otlp);
        builder.Services.AddObservability(identity, options.Otlp);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        AddServices(builder.Services, options);

        var app = builder.Build();
        app.UseObservability();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseApiPage();
        app.UseMiddleware<PageMiddleware>();
#if HANGFIRE
        app.UseHangfirePages();
#endif
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseMiddleware<KeyRates>();
        app.UseMiddleware<ActMiddleware>();
        app.UseAuthorization();
        app.UseMiddleware<PlainBodies>();
        app.UseMiddleware<IdempotentPosts>();
        app.UseMiddleware<ConditionalGet>();
        app.MapExperiments();
        app.MapSweeps();
        app.MapJobs();
        app.MapEvents();
        app.MapCheckpoints();
        app.MapModels();
        app.MapPlans();
        app.MapSchedules();
        app.MapChores();
        app.MapWorkers();
        app.MapQueues();
        app.MapDatasets();
        app.MapKeys();
        app.MapAudit();
        app.MapHealth();
        app.MapMeasurements();
        app.MapProblems();
        app.MapApiDescription();
        app.MapDashboard();
        return app;
    }

    static void AddServices(IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddPersistence(options.Database, "kdrobust-api", options.Lease);
        services.AddSingleton<ReportSource>();
        services.AddSingleton<NewsDesk>();
        services.AddSingleton(provider => new ChangeFeed(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), [ChangeTopic.Experiment, ChangeTopic.Sweep, ChangeTopic.Job], LongestSilence, provider.GetRequiredService<ILogger<ChangeFeed>>()));
        services.AddHostedService<ReaperService>();
        services.AddHostedService<TableStatisticsService>();
        services.AddHostedService<ForgetService>();
        services.AddChores(new ChoreHost(options.Database, options.Chores) { LookEvery = options.LookEvery, Grace = options.MissedAfter });
        services.AddApiKeys();
        services.AddRequestTimes(options);
        // Else a parameter that cannot be read is refused without its name.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddApiDescription();
        services.AddDashboard();
#if HANGFIRE
        services.AddHangfirePages();
#endif
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Encoder = SpecJson.Options.Encoder;
            json.SerializerOptions.NumberHandling = SpecJson.Options.NumberHandling;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
            foreach (var converter in SpecJson.Options.Converters) json.SerializerOptions.Converters.Add(converter);
        });
    }
}
