using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Observability;

/// <summary>
/// What this process and the queue measure: sent to a collector if one is named, and read by Prometheus at <c>/metrics</c>,
/// which needs a reader's key like every other address. (Behind a proxy every caller comes from loopback, so coming from there
/// proves nothing.)
/// </summary>
static class Measurements
{
    public static void AddObservability(this IServiceCollection services, ServiceIdentity identity, OtlpSettings? otlp)
    {
        services.AddSingleton(_ => ServiceTelemetry.Start(identity, otlp, "Microsoft.AspNetCore", "Npgsql"));
        if (otlp is not null)
            services.AddHostedService<QueueLevelService>();
    }

    public static void UseObservability(this WebApplication app)
    {
        // From before the first request on.
        _ = app.Services.GetRequiredService<ServiceTelemetry>();
        _ = app.Services.GetRequiredService<QueueLevels>();
        app.UseMiddleware<RequestSpans>();
    }

    public static void MapMeasurements(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", Scrape).WithTags("health").WithName("metrics")
            .Produces<string>(200, "text/plain").WithSummary("Measurements of this process and of the queue, for Prometheus");

    static async Task<ContentHttpResult> Scrape(ServiceTelemetry telemetry, QueueLevels queue, ILogger<ServiceTelemetry> log, CancellationToken ct)
    {
        await QueueLevelService.Refresh(queue, log, ct);
        return TypedResults.Text(telemetry.Scrape.Read(), PrometheusText.ContentType);
    }
}

/// <summary>Keeps the queue's gauges fresh for a collector, which takes what is there when it is time.</summary>
sealed class QueueLevelService(QueueLevels queue, TimeProvider time, ILogger<ServiceTelemetry> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>Asks the database; bad weather is logged, and the gauges are silent then.</summary>
    public static async Task Refresh(QueueLevels queue, ILogger log, CancellationToken ct)
    {
        try
        {
            await queue.Refresh(ct);
        }
        catch (Exception error) when (Database.IsWeather(error) && !ct.IsCancellationRequested)
        {
            ApiLog.DatabaseAway(log, error.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                await Refresh(queue, log, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service ends.
        }
    }
}
