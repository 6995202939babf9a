using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Service.Bench;

/// <summary>What a subject is given.</summary>
/// <param name="Administration">The server, as its superuser.</param>
/// <param name="ConnectionString">The same as text.</param>
/// <param name="Rounds">Measurements of each side, taking turns; their median counts.</param>
/// <param name="Seconds">How long one measurement takes.</param>
/// <param name="Minutes">How long the mixed load goes on.</param>
sealed record Load(NpgsqlDataSource Administration, string ConnectionString, int Rounds, int Seconds, double Minutes)
{
    /// <summary>An empty database with our schema.</summary>
    public Task<Place> Place(string name) => Bench.Place.Make(Administration, ConnectionString, "service_" + name);

    /// <summary>A line for whoever waits.</summary>
    public static void Say(FormattableString line) => Console.Error.WriteLine(FormattableString.Invariant(line));
}

/// <summary>
/// The service under load, the raw path beside ours in one run, taking turns. Prints one JSON object; messages go to stderr.
/// </summary>
static class ServiceBench
{
    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    static readonly IReadOnlyList<(string Name, Func<Load, Task<Outcome>> Measure)> Subjects =
    [
        ("enqueue", Enqueueing.Measure), ("claim", Claiming.Measure), ("start", Starting.Measure), ("metrics", MetricRows.Measure), ("get", GetById.Measure), ("list", Lists.Measure),
        ("events", Events.Measure), ("checkpoint", StoredCheckpoint.Measure), ("held-up", HeldUp.Measure), ("workers", ManyWorkers.Measure), ("take-over", TakeOver.Measure), ("mixed", MixedLoad.Measure),
    ];

    static string Usage => $"usage: ./kdr bench service [--json] [--only {string.Join('|', Subjects.Select(s => s.Name))}] [--rounds N (default 5)] [--seconds N (of one measurement, default 3)] [--minutes N (of mixed load, default 2)]; started by hand it needs {Database.Variable}, a server's superuser, and KDR_API_PROGRAM";

    public static async Task<int> Run(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(Database.Variable) is not { Length: > 0 } named || !TryParse(arguments, out var only, out var numbers))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }
        await using var administration = NpgsqlDataSource.Create(named);
        await SizeCheckpoints(administration);
        var before = Machine.LoadAverage();
        var load = new Load(administration, named, (int)numbers["--rounds"], (int)numbers["--seconds"], numbers["--minutes"]);
        var (ratios, figures, rows, broken) = (new SortedDictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, object>(StringComparer.Ordinal), new Dictionary<string, object>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        var within = true;
        foreach (var (name, measure) in Subjects.Where(subject => only.Count == 0 || only.Contains(subject.Name)))
        {
            var (loadBefore, begun) = (Machine.LoadAverage()[0], System.Diagnostics.Stopwatch.GetTimestamp());
            try
            {
                var found = await measure(load);
                foreach (var (key, value) in found.Ratios) ratios[key] = value;
                foreach (var (key, figure) in found.Figures)
                {
                    figures[key] = figure;
                    within &= figure.Pass;
                    Load.Say($"{(figure.Pass ? "kept  " : "missed")} {key}: {figure.Value} {figure.Unit}, target {(figure.AtLeast is { } least ? "at least " : "at most ")}{figure.AtLeast ?? figure.AtMost}");
                }
                rows[name] = new { seconds = Math.Round(System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds, 1), load_average_before = loadBefore, load_average = Machine.LoadAverage()[0], measured = found.Rows };
            }
            catch (Exception error)
            {
                // One subject that breaks does not take the measurements of the others with it.
                (broken[name], within) = (error.Message, false);
                Load.Say($"broken {name}: {error}");
            }
        }
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new
            {
                Bench = "service",
                Measure = "each path of the service beside the raw path it stands on, both from this program in this run and taking turns; ratios are ours over raw, of medians over the rounds. The API is its own process over HTTP, workers are processes where rows say so, PostgreSQL has fsync, synchronous_commit and full_page_writes on. What asks, what answers and the database share this machine's cores.",
                Command = $"./kdr bench service{string.Concat(arguments.Where(a => a != "--json").Select(a => " " + a))} --json",
                Machine = Machine.Kind,
                Machine.Cpu,
                Cores = Environment.ProcessorCount,
                LoadAverageBefore = before,
                LoadAverage = Machine.LoadAverage(),
                Versions = new { dotnet = Environment.Version.ToString(), postgres = await Setting(administration, "server_version"), npgsql = typeof(NpgsqlConnection).Assembly.GetName().Version!.ToString(3), kdrobust = typeof(Database).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion },
                Settings = await Settings(administration),
                load.Rounds,
                load.Seconds,
                load.Minutes,
                Within = within,
                Ratios = ratios,
                Figures = figures,
                Broken = broken,
                Rows = rows,
            }, Json));
        return within ? 0 : 6;
    }

    /// <summary>A checkpoint of the server in the middle of one side's turn would be the other's gain: they come by time, not by volume.</summary>
    static async Task SizeCheckpoints(NpgsqlDataSource administration)
    {
        foreach (var sql in (string[])["ALTER SYSTEM SET max_wal_size = '8GB'", "SELECT pg_reload_conf()"])
        {
            await using var command = administration.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }

    static async Task<Dictionary<string, string>> Settings(NpgsqlDataSource administration)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in (string[])["fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers", "max_wal_size", "data_checksums"]) settings[name] = await Setting(administration, name);
        return settings;
    }

    static async Task<string> Setting(NpgsqlDataSource database, string name)
    {
        await using var command = database.CreateCommand($"SELECT current_setting('{name}')");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static bool TryParse(string[] arguments, out HashSet<string> only, out Dictionary<string, double> numbers)
    {
        (only, numbers) = ([], new(StringComparer.Ordinal) { ["--rounds"] = 5, ["--seconds"] = 3, ["--minutes"] = 2 });
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--json") continue;
            if (i + 1 == arguments.Length) return false;
            if (arguments[i] == "--only" && Subjects.Any(subject => subject.Name == arguments[i + 1])) only.Add(arguments[++i]);
            else if (numbers.ContainsKey(arguments[i]) && double.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var number) && number > 0) numbers[arguments[i++]] = number;
            else return false;
        }
        return numbers["--rounds"] >= 1 && numbers["--seconds"] >= 1;
    }
}
