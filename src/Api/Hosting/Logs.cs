using System.Globalization;
using KdRobust.Telemetry;
using Serilog;
using Serilog.Events;

namespace KdRobust.Api.Hosting;

/// <summary>Where log lines go: the console, JSON files of a day each, the last fourteen kept, and a collector if one is named.</summary>
static class Logs
{
    public static void AddLogs(this WebApplicationBuilder builder, string? folder, ServiceIdentity identity, OtlpSettings? otlp)
    {
        var logs = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Warning)
            .MinimumLevel.Override("Quartz", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}", formatProvider: CultureInfo.InvariantCulture);
        if (folder is not null)
            logs.WriteTo.JsonFile(Path.Combine(folder, "api-.json"), largest: 100 << 20, kept: 14);
        builder.Logging.ClearProviders();
        // The framework's own lines are the same few for every provider.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddSerilog(logs.CreateLogger(), dispose: true);
        ServiceTelemetry.AddLogs(builder.Logging, identity, otlp);
    }
}
