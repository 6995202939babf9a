using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace KdRobust.Service.Bench;

/// <summary>PostgreSQL's own bench: what the database gives to a program that wants nothing but this one statement.</summary>
static partial class Pgbench
{
    /// <summary>The raw table: as little as a queue needs. Its rows hold what a job's payload holds.</summary>
    public const string Table =
        """
        CREATE TABLE raw_job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL DEFAULT 'Queued', payload jsonb NOT NULL, fence bigint NOT NULL DEFAULT 0, worker text, lease_until timestamptz);
        CREATE INDEX ix_raw_job ON raw_job (id) WHERE state = 'Queued';
        """;

    /// <summary>One queued row.</summary>
    public static string InsertOne(string payload) => $"INSERT INTO raw_job (payload) VALUES ('{payload}')";

    /// <summary>A hundred queued rows.</summary>
    public static string InsertHundred(string payload) => $"INSERT INTO raw_job (payload) SELECT '{payload}' FROM generate_series(1, 100)";

    /// <summary>The whole of a claim by UPDATE ... SKIP LOCKED.</summary>
    public const string Claim =
        """
        UPDATE raw_job SET state = 'Running', fence = fence + 1, worker = 'raw', lease_until = clock_timestamp() + interval '60 s'
        WHERE id = (SELECT id FROM raw_job WHERE state = 'Queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, fence, payload
        """;

    /// <summary>The same of a row of ours, with its guard, its history and its indexes, and without asking who may have it.</summary>
    public const string ClaimOurRow =
        """
        UPDATE job SET state = 'Running', reason = 'claimed', fence = fence + 1, attempt = attempt + 1, worker = 'raw', lease_until = clock_timestamp() + interval '60 s',
            heartbeat_at = clock_timestamp(), progress_at = clock_timestamp(), started_at = clock_timestamp()
        WHERE id = (SELECT id FROM job WHERE state = 'Queued' AND device = 'cpu' ORDER BY lane, turn, seq LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, fence, payload
        """;

    /// <summary>
    /// The rows of submissions as the service stores them, in one transaction and with nothing looked up: a job with its guard
    /// and history, an experiment with its spec, and that the one uses the other. A colon followed by a word would be a variable of pgbench's.
    /// </summary>
    public static string InsertOurRows(string payload, string spec, int submissions) =>
        $"""
        WITH ids AS MATERIALIZED (SELECT gen_random_uuid() AS job, gen_random_uuid() AS experiment FROM generate_series(1, {submissions.ToString(CultureInfo.InvariantCulture)})),
        made AS (
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            SELECT job, 'raw', 'train', 'train net', md5(job::text), '{payload}', 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 5, 0 FROM ids),
        asked AS (INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) SELECT experiment, 'raw', 'load', 'Load', '{spec.Replace(":", ": ", StringComparison.Ordinal)}', md5(experiment::text), 0 FROM ids)
        INSERT INTO experiment_job (experiment_id, key, job_id, ordinal, reused) SELECT experiment, 'train net', job, 0, false FROM ids
        """;

    /// <summary>Runs a statement for a while.</summary>
    /// <param name="connectionString">Where.</param>
    /// <param name="sql">What.</param>
    /// <param name="clients">Connections.</param>
    /// <param name="seconds">How long.</param>
    /// <returns>Statements a second.</returns>
    public static async Task<double> Run(string connectionString, string sql, int clients, int seconds)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var file = Path.Combine(Path.GetTempPath(), $"kdr-pgbench-{Environment.ProcessId}.sql");
        await File.WriteAllTextAsync(file, sql.ReplaceLineEndings(" ") + ";\n");
        try
        {
            var said = await Child.Output(
                Program,
                [
                    "-n", "-M", "prepared", "-h", settings.Host!, "-p", Text(settings.Port), "-U", settings.Username!,
                    "-c", Text(clients), "-j", "2", "-T", Text(seconds), "-f", file, settings.Database!,
                ],
                new Dictionary<string, string>(StringComparer.Ordinal) { ["LC_ALL"] = "C", ["PGPASSWORD"] = settings.Password ?? "" });
            return double.Parse(Rate().Match(said).Groups["rate"].Value, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(file);
        }
    }

    static string Program => Environment.GetEnvironmentVariable("PGBIN") is { Length: > 0 } folder ? Path.Combine(folder, "pgbench") : "pgbench";

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^tps = (?<rate>[0-9.]+)", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();
}
