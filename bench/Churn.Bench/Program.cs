using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Churn.Bench;

/// <summary>
/// A week of trainings that store a resume point again and again, against a server whose autovacuum looks every second
/// because an hour takes about one: how large the chunk table gets over what lives in it. Once with the schema's vacuum
/// settings, once without. Prints one JSON object; messages go to stderr.
/// </summary>
static class Program
{
    // So many times what lives in it at the busiest may the table take.
    const double Bound = 3;

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static async Task<int> Main(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(Database.Variable) is not { Length: > 0 } named || !TryParse(arguments, out var hours, out var trainings))
        {
            await Console.Error.WriteLineAsync("usage: ./kdr bench churn [--hours N (48 or more, default 168)] [--trainings N (default 8)]; started by hand it needs KDR_DATABASE, a server's superuser");
            return 2;
        }
        await using var administration = Database.Open(named, "churn-bench");
        await Run(administration, "ALTER SYSTEM SET autovacuum_naptime = '1s'");
        await Run(administration, "SELECT pg_reload_conf()");
        var before = Machine.LoadAverage();
        var ours = await Measure(administration, named, "churn_ours", hours, trainings, reset: false);
        var defaults = await Measure(administration, named, "churn_defaults", hours, trainings, reset: true);
        var within = ours.LargestOverLive <= Bound;
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new
            {
                Bench = "churn",
                Measure = "a week of trainings at once, each storing a resume point of 1 MiB of new bytes twice an hour (the two newest stay) and ending each day, when its weights of 1 MiB stay and retention deletes its resume points; garbage is collected every hour. An hour takes about a second, and autovacuum looks every second. sizes are pg_total_relation_size of the chunk table at the end of each hour; each day's largest over the most that lived in it that day must keep the bound after the first day, in which the table finds its size.",
                Machine = Machine.Kind,
                Machine.Cpu,
                LoadAverageBefore = before,
                LoadAverage = Machine.LoadAverage(),
                Postgres = await Value<string>(administration, "SELECT current_setting('server_version')"),
                Hours = hours,
                Trainings = trainings,
                Bound,
                Within = within,
                Ours = ours,
                ServersDefaults = defaults,
            }, Json));
        return within ? 0 : 6;
    }

    static async Task<Outcome> Measure(NpgsqlDataSource administration, string named, string name, int hours, int trainings, bool reset)
    {
        await Run(administration, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await Run(administration, $"CREATE DATABASE {name}");
        await using var database = Database.Open(new NpgsqlConnectionStringBuilder(named) { Database = name }.ConnectionString, "churn-bench");
        await Database.Migrate(database);
        if (reset)
            await Run(database,
                """
                ALTER TABLE chunk RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,
                    toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_threshold, toast.autovacuum_vacuum_cost_delay)
                """);
        var week = new Week(database, trainings);
        var sizes = new List<(double Size, double Live)>();
        for (var hour = 0; hour < hours; hour++)
        {
            await week.Hour(endOfDay: hour % 24 == 23);
            sizes.Add((await Mebibytes(database, "SELECT pg_total_relation_size('chunk')"), await Mebibytes(database, "SELECT coalesce(sum(octet_length(content)), 0)::bigint FROM chunk")));
            if (hour % 24 == 23)
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name} day {(hour / 24) + 1}: {sizes[^1].Size:0} MiB, {sizes[^1].Live:0} live"));
        }
        var vacuums = await Value<long>(database, "SELECT coalesce(sum(autovacuum_count), 0)::bigint FROM pg_stat_all_tables WHERE relid IN ('chunk'::regclass, (SELECT reltoastrelid FROM pg_class WHERE oid = 'chunk'::regclass))");
        await Run(administration, $"DROP DATABASE {name} WITH (FORCE)");
        return new Outcome(
            Math.Round(week.Written / 1048576.0, 1), [.. sizes.Chunk(24).Select(day => day.Max(hour => hour.Size))], [.. sizes.Chunk(24).Select(day => day.Max(hour => hour.Live))],
            Math.Round(sizes.Chunk(24).Skip(1).Max(day => day.Max(hour => hour.Size) / day.Max(hour => hour.Live)), 3), vacuums);
    }

    static bool TryParse(string[] arguments, out int hours, out int trainings)
    {
        (hours, trainings) = (168, 8);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || !int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var value))
                return false;
            switch (arguments[i])
            {
                case "--hours": hours = value; break;
                case "--trainings": trainings = value; break;
                default: return false;
            }
        }
        return hours >= 48 && trainings is >= 1 and <= 1000;
    }

    static async Task<double> Mebibytes(NpgsqlDataSource database, string sql) => Math.Round(await Value<long>(database, sql) / 1048576.0, 1);

    static async Task Run(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }

    static async Task<T> Value<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <param name="WrittenMib">Bytes stored in all.</param>
    /// <param name="LargestMibByDay">Largest size of the table in each day.</param>
    /// <param name="LiveMibByDay">Most bytes that lived in it in each day.</param>
    /// <param name="LargestOverLive">Largest quotient of the two in a day after the first.</param>
    /// <param name="Autovacuums">How often the server vacuumed it.</param>
    sealed record Outcome(double WrittenMib, IReadOnlyList<double> LargestMibByDay, IReadOnlyList<double> LiveMibByDay, double LargestOverLive, long Autovacuums);
}
