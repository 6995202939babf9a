using System.Reflection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KdRobust.Telemetry;

/// <summary>Who speaks.</summary>
/// <param name="Service">Name of the program, e.g. <c>kdrobust-api</c>.</param>
/// <param name="Instance">Which of several.</param>
public sealed record ServiceIdentity(string Service, string Instance)
{
    internal ResourceBuilder Resource { get; } = ResourceBuilder.CreateDefault().AddService(
        Service, serviceVersion: Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion, serviceInstanceId: Instance);
}

/// <summary>
/// Traces and metrics of this process, from the sources that measure: nothing of ours needs to know who listens. They are
/// sent from threads of their own out of bounded queues; when the collector is away or slow, the oldest wait and the newest
/// are dropped, and nobody else notices.
/// </summary>
public sealed class ServiceTelemetry : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan MetricsEvery = TimeSpan.FromSeconds(10);
    const int BatchMilliseconds = 1000;

    readonly TracerProvider? traces;
    readonly MeterProvider metrics;

    ServiceTelemetry(TracerProvider? traces, MeterProvider metrics, PrometheusText scrape) => (this.traces, this.metrics, Scrape) = (traces, metrics, scrape);

    /// <summary>What this process measured, for who asks.</summary>
    public PrometheusText Scrape { get; }

    /// <summary>Begins to listen, and to send when there is where to.</summary>
    /// <param name="identity">Who speaks.</param>
    /// <param name="otlp">Null sends nothing.</param>
    /// <param name="sources">Activity sources beside ours.</param>
    public static ServiceTelemetry Start(ServiceIdentity identity, OtlpSettings? otlp, params IEnumerable<string> sources)
    {
        var scrape = new PrometheusText();
        var meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(identity.Resource)
            .AddMeter("KdRobust.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql")
            .AddReader(new BaseExportingMetricReader(scrape));
        if (otlp is null)
            return new ServiceTelemetry(null, meters.Build(), scrape);

        meters.AddOtlpExporter((exporter, reader) =>
        {
            Send(exporter, otlp, "metrics");
            reader.PeriodicExportingMetricReaderOptions = new() { ExportIntervalMilliseconds = (int)MetricsEvery.TotalMilliseconds, ExportTimeoutMilliseconds = (int)Patience.TotalMilliseconds };
        });
        var spans = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(identity.Resource)
            .SetSampler(new ParentBasedSampler(new RootSampler()))
            .AddSource(["KdRobust.*", .. sources])
            .AddOtlpExporter(exporter =>
            {
                Send(exporter, otlp, "traces");
                exporter.BatchExportProcessorOptions = new() { ScheduledDelayMilliseconds = BatchMilliseconds, ExporterTimeoutMilliseconds = (int)Patience.TotalMilliseconds };
            });
        return new ServiceTelemetry(spans.Build(), meters.Build(), scrape);
    }

    /// <summary>Sends what is logged as well; nothing when <paramref name="otlp"/> is null.</summary>
    public static void AddLogs(ILoggingBuilder logging, ServiceIdentity identity, OtlpSettings? otlp)
    {
        if (otlp is null)
            return;
        logging.AddOpenTelemetry(options =>
        {
            options.SetResourceBuilder(identity.Resource);
            // The text for people; its template goes along as an attribute, the properties as others.
            options.IncludeFormattedMessage = true;
            options.IncludeScopes = true;
            options.AddOtlpExporter((exporter, processor) =>
            {
                Send(exporter, otlp, "logs");
                processor.BatchExportProcessorOptions = new() { ScheduledDelayMilliseconds = BatchMilliseconds, ExporterTimeoutMilliseconds = (int)Patience.TotalMilliseconds };
            });
        });
    }

    /// <summary>Sends what is left, but waits for no collector longer than two seconds.</summary>
    public void Dispose()
    {
        Parallel.Invoke(
            () => traces?.Shutdown((int)Patience.TotalMilliseconds),
            () => metrics.Shutdown((int)Patience.TotalMilliseconds));
        traces?.Dispose();
        metrics.Dispose();
    }

    static void Send(OtlpExporterOptions exporter, OtlpSettings otlp, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = otlp.Of(signal);
        // The exporter decodes them as a part of an address.
        exporter.Headers = otlp.Headers.Length > 0 ? otlp.Headers.Replace("%", "%25", StringComparison.Ordinal) : null;
        exporter.TimeoutMilliseconds = (int)Patience.TotalMilliseconds;
    }

    /// <summary>A statement that nobody asked for (a poll, a sweep of the reaper) begins no trace.</summary>
    sealed class RootSampler : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Kind == System.Diagnostics.ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
    }
}
