using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KdRobust.Chaos.Bench;

/// <summary>The service under fire, over a PostgreSQL of its own: <c>chaos</c>, <c>sweep-under-fire</c> and <c>soak</c>. Each prints one JSON object; messages go to stderr.</summary>
static class Program
{
    const string Usage = "usage: ./kdr bench chaos [--minutes N (default 30)] [--seed S (default 1)] | sweep-under-fire [--points N (default 100)] | soak [--minutes N (default 60)]; each takes --json, which it prints anyway";

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static async Task<int> Main(string[] line)
    {
        if (line.Length == 0 || Numbers(line[1..]) is not { } numbers)
            return await Wrong();
        var (report, within) = (line[0], numbers.Keys.Except(Known(line[0])).Any()) switch
        {
            ("chaos", false) => await ChaosBench.Run(numbers.GetValueOrDefault("--minutes", 30), (int)numbers.GetValueOrDefault("--seed", 1)),
            ("sweep-under-fire", false) => await SweepUnderFireBench.Run((int)numbers.GetValueOrDefault("--points", 100)),
            ("soak", false) => await SoakBench.Run(numbers.GetValueOrDefault("--minutes", 60)),
            _ => default,
        };
        if (report is null)
            return await Wrong();
        Console.Out.WriteLine(JsonSerializer.Serialize(report, Json));
        return within ? 0 : 6;
    }

    /// <summary>Where a project's program was built beside this one.</summary>
    internal static string Assembly(string project)
    {
        var own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return Path.GetFullPath(Path.Combine(own, "..", "..", project, Path.GetFileName(own), $"KdRobust.{project}.dll"));
    }

    internal static void Say(string line) => Console.Error.WriteLine(line);

    static string[] Known(string verb) => verb switch
    {
        "chaos" => ["--minutes", "--seed"],
        "sweep-under-fire" => ["--points"],
        _ => ["--minutes"],
    };

    static Dictionary<string, double>? Numbers(string[] options)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < options.Length; i++)
        {
            if (options[i] == "--json")
                continue;
            if (!options[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == options.Length || !double.TryParse(options[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is < 0 or > int.MaxValue)
                return null;
            numbers[options[i++]] = value;
        }
        return numbers;
    }

    static async Task<int> Wrong()
    {
        await Console.Error.WriteLineAsync(Usage);
        return 2;
    }
}
