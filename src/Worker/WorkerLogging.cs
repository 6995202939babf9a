using System.Globalization;
using KdRobust.Telemetry;
using Microsoft.Extensions.Logging;
using Serilog;

namespace KdRobust.Worker;

/// <summary>Serilog: lines for people on the console, JSON for machines in rolling files. OpenTelemetry: the same events to a collector, if one is named.</summary>
static class WorkerLogging
{
    internal static ILoggerFactory Open(string folder, string worker, ServiceIdentity identity, OtlpSettings? otlp)
    {
        var logger = new LoggerConfiguration()
            .Enrich.FromLogContext()
            .Enrich.WithProperty("Worker", worker)
            .WriteTo.Console(formatProvider: CultureInfo.InvariantCulture, outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Worker} {Message:lj}{NewLine}{Exception}")
            .WriteTo.JsonFile(Path.Combine(folder, $"worker-{worker}-.json"), largest: 20 << 20, kept: 10)
            .CreateLogger();
        return LoggerFactory.Create(logging =>
        {
            logging.AddSerilog(logger, dispose: true);
            ServiceTelemetry.AddLogs(logging, identity, otlp);
        });
    }
}
