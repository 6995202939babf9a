namespace KdRobust.Architecture.Tests;

/// <summary>The arrows of docs/architecture.md: which project may use which, and which packages it may name.</summary>
internal static class Rooms
{
    private static readonly string[] Logging = ["Serilog", "OpenTelemetry"];

    /// <summary>Project -> the projects it may reference.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Arrows = new Dictionary<string, string[]>
    {
        ["Domain"] = [],
        ["Torch"] = [],
        ["Learning"] = ["Torch", "Domain"],
        ["Persistence"] = ["Domain"],
        ["Telemetry"] = [],
        ["Queue"] = ["Domain", "Persistence"],
        ["Queue.Hangfire"] = ["Domain", "Persistence", "Queue"],
        ["Worker"] = ["Learning", "Queue", "Queue.Hangfire", "Persistence", "Domain", "Telemetry"],
        ["Api"] = ["Domain", "Persistence", "Queue", "Queue.Hangfire", "Telemetry"],
        ["Cli"] = ["Domain"],
    };

    /// <summary>Project -> the beginnings of the package names it may reference directly.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Packages = new Dictionary<string, string[]>
    {
        ["Domain"] = [],
        ["Torch"] = [],
        ["Learning"] = [],
        ["Persistence"] = ["Npgsql", "Microsoft.EntityFrameworkCore"],
        ["Telemetry"] = Logging,
        ["Queue"] = ["Npgsql", "Quartz", "Microsoft.Extensions"],
        ["Queue.Hangfire"] = ["Hangfire", "Newtonsoft.Json", "Npgsql"],
        ["Worker"] = [.. Logging, "Microsoft.Extensions"],
        ["Api"] = [.. Logging, "Microsoft.AspNetCore", "Swashbuckle", "SkiaSharp", "Hangfire"],
        ["Cli"] = ["System.CommandLine", "Spectre.Console"],
    };

    /// <summary>Projects that the default build does not have; what it does have must not reach them.</summary>
    public static readonly string[] BehindSwitches = ["Queue.Hangfire"];

    /// <summary>Project -> projects that must not be reached through any chain of references, so never get loaded.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> NeverReached = new Dictionary<string, string[]>
    {
        ["Api"] = ["Torch", "Learning", "Worker", "Queue.Hangfire"],
        ["Worker"] = ["Queue.Hangfire"],
        ["Cli"] = ["Torch", "Learning", "Worker", "Persistence", "Queue", "Api"],
        ["Queue"] = ["Torch", "Learning"],
        ["Persistence"] = ["Torch", "Learning"],
        ["Learning"] = ["Persistence", "Queue", "Api"],
    };
}
