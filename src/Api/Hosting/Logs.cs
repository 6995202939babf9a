using System.Globalization;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace KdRobust.Api.Hosting;

/// <summary>Where log lines go: the console, and one JSON file a day kept for a fortnight.</summary>
static class Logs
{
    public static void AddLogs(this WebApplicationBuilder builder, string? folder)
    {
        var logs = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Warning)
            .MinimumLevel.Override("Quartz", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}", formatProvider: CultureInfo.InvariantCulture);
        if (folder is not null)
            logs.WriteTo.File(new JsonFormatter(renderMessage: true), Path.Combine(folder, "api-.json"), rollingInterval: RollingInterval.Day, retainedFileCountLimit: 14, shared: false);
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logs.CreateLogger(), dispose: true);
    }
}
