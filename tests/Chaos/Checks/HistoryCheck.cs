using System.Globalization;
using KdRobust.ActionWorker;
using KdRobust.Support;

namespace KdRobust.Chaos.Checks;

/// <summary>
/// Reads a database whose workers have all stopped as an auditor would, from its tables alone, and says what in them cannot have
/// come about if every promise was kept.
/// </summary>
public static class HistoryCheck
{
    const string Ends = "('Succeeded', 'Failed', 'Cancelled')";

    /// <summary>Rules that any database of ours keeps. Each returns the jobs that break it, and how.</summary>
    static readonly (Promise Of, string Sql)[] Rules =
    [
        (Promise.NothingIsLost, $"SELECT id, 'is still ' || state FROM job WHERE state NOT IN {Ends}"),
        (Promise.NothingIsLost, $"SELECT id, 'is ' || state || ', its history ends with ' || coalesce((SELECT to_state FROM job_event e WHERE e.job_id = job.id ORDER BY e.id DESC LIMIT 1), 'nothing') FROM job WHERE state IS DISTINCT FROM (SELECT to_state FROM job_event e WHERE e.job_id = job.id ORDER BY e.id DESC LIMIT 1)"),
        // A life begins with the submission and with each retry; each ends once.
        (Promise.NothingIsDoubled, $"""
            SELECT job_id, 'life ' || life || ' has ' || count(*) FILTER (WHERE ends) || ' ends'
            FROM (SELECT job_id, to_state IN {Ends} AND from_state IS DISTINCT FROM to_state AS ends,
                    count(*) FILTER (WHERE from_state IS NULL OR (from_state IN {Ends} AND to_state NOT IN {Ends})) OVER (PARTITION BY job_id ORDER BY id) AS life
                FROM job_event) lines
            GROUP BY job_id, life HAVING count(*) FILTER (WHERE ends) > 1
            """),
        (Promise.NothingIsDoubled, "SELECT job_id, 'line ' || id || ' goes on from ' || coalesce(from_state, 'nothing') || ' where the one before ended with ' || coalesce(before, 'nothing') FROM (SELECT *, lag(to_state) OVER (PARTITION BY job_id ORDER BY id) AS before FROM job_event) e WHERE from_state IS DISTINCT FROM before"),
        (Promise.NothingIsDoubled, "SELECT job_id, count(*) || ' claims under fence ' || fence FROM job_event WHERE to_state = 'Running' AND from_state <> 'Running' GROUP BY job_id, fence HAVING count(*) > 1"),
        (Promise.NothingIsDoubled, "SELECT job_id, series || ' of epoch ' || epoch || ', step ' || step || ' was stored ' || count(*) || ' times by claim ' || fence FROM metric GROUP BY job_id, fence, series, epoch, step HAVING count(*) > 1"),
        (Promise.NothingIsDoubled, "SELECT job_id, count(*) || ' metrics under ordinal ' || ordinal || ' of claim ' || fence FROM metric GROUP BY job_id, fence, ordinal HAVING count(*) > 1"),
        .. Growing("job_event", "id"), .. Growing("metric", "id"), .. Growing("checkpoint", "seq"),
        (Promise.NoStaleWrite, "SELECT id, 'has fence ' || fence || ', its history ' || (SELECT max(fence) FROM job_event e WHERE e.job_id = job.id) FROM job WHERE fence <> (SELECT max(fence) FROM job_event e WHERE e.job_id = job.id)"),
        .. Claimed("metric"), .. Claimed("checkpoint"),
        (Promise.NoStaleWrite, "SELECT id, 'ended under fence ' || fence || ' which no claim has, as ' || state FROM job WHERE state = 'Succeeded' AND NOT EXISTS (SELECT 1 FROM job_event e WHERE e.job_id = job.id AND e.fence = job.fence AND e.to_state = 'Running')"),
    ];

    /// <summary>All that is wrong; empty when every promise was kept.</summary>
    /// <param name="database">Whose tables; nobody writes to it any more.</param>
    /// <param name="ledger">What was promised.</param>
    public static async Task<IReadOnlyList<Violation>> Read(TestDatabase database, Ledger ledger)
    {
        var found = new List<Violation>();
        foreach (var (of, sql) in Rules)
            found.AddRange((await Rows(database, sql, row => (Job: row.GetGuid(0), What: row.GetString(1)))).Select(row => new Violation(of, row.Job, row.What)));
        if (await database.Scalar<bool>("SELECT to_regclass('witness') IS NOT NULL"))
        {
            found.AddRange((await Rows(database, "SELECT job_id, what, written_fence, coalesce(job_fence, 0), coalesce(job_state, 'gone') FROM witness", row => new Violation(
                Promise.NoStaleWrite, row.GetGuid(0), string.Create(CultureInfo.InvariantCulture, $"{row.GetString(1)} written under fence {row.GetInt64(2)} while the job was {row.GetString(4)} under {row.GetInt64(3)}")))));
        }
        var experiments = (await Rows(database, "SELECT DISTINCT experiment_id FROM experiment_job", row => row.GetGuid(0))).ToHashSet();
        found.AddRange(ledger.Experiments.Where(accepted => !experiments.Contains(accepted)).Select(accepted => new Violation(Promise.NothingIsLost, null, $"experiment {accepted} was accepted and is not there")));
        var jobs = (await Rows(
            database, "SELECT id, state, priority, upstream_job_id IS NOT NULL, coalesce(failure ->> 'kind', ''), coalesce(failure ->> 'message', ''), (result ->> 'finalLoss')::float8 FROM job",
            row => new JobAtEnd(row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.GetBoolean(3), row.GetString(4), row.GetString(5), row.IsDBNull(6) ? null : row.GetDouble(6)))).ToDictionary(job => job.Id);
        var numbers = (await Rows(
            database, "SELECT DISTINCT ON (job_id, epoch, step) job_id, value FROM metric WHERE series = 'train/loss' ORDER BY job_id, epoch, step, fence DESC, ordinal DESC",
            row => (Job: row.GetGuid(0), Value: row.GetDouble(1)))).ToLookup(row => row.Job, row => row.Value);
        foreach (var promised in ledger.Jobs.Values)
            found.AddRange(Compare(promised, jobs.GetValueOrDefault(promised.Id), [.. numbers[promised.Id]], ledger));
        return found;
    }

    sealed record JobAtEnd(Guid Id, string State, int Priority, bool BecauseOfAnother, string FailureKind, string Failure, double? FinalLoss);

    static IEnumerable<Violation> Compare(PromisedJob promised, JobAtEnd? job, List<double> numbers, Ledger ledger)
    {
        Violation Broken(Promise of, string what) => new(of, promised.Id, what);
        if (job is null)
        {
            yield return Broken(Promise.NothingIsLost, "was accepted and is not there");
            yield break;
        }
        if (!ledger.Unsure.Contains(job.Id))
        {
            if (ledger.Cancelled.Contains(job.Id) && job.State != "Cancelled")
                yield return Broken(Promise.PeopleAreObeyed, $"was to be cancelled and is {job.State}");
            if (job.State == "Cancelled" && !ledger.Cancelled.Contains(job.Id) && !job.BecauseOfAnother)
                yield return Broken(Promise.PeopleAreObeyed, "is cancelled and nobody asked for it");
            if (ledger.Priorities.TryGetValue(job.Id, out var priority) && job.Priority != priority)
                yield return Broken(Promise.PeopleAreObeyed, string.Create(CultureInfo.InvariantCulture, $"was given priority {priority} and has {job.Priority}"));
        }
        if (job.State == "Failed")
            yield return Broken(Promise.NothingIsLost, $"failed for good although nothing is wrong with it: {job.FailureKind}: {job.Failure}");
        if (job.State != "Succeeded")
            yield break;
        var expected = Enumerable.Range(1, promised.Epochs).Select(epoch => ActionScript.Loss(ActionScript.StateAfter(promised.Seed, epoch))).ToList();
        // Bit for bit: a resumed run measures what an undisturbed one does.
        if (!numbers.SequenceEqual(expected))
            yield return Broken(Promise.TheNumbersAreRight, string.Create(CultureInfo.InvariantCulture, $"stored {numbers.Count} numbers, {numbers.Zip(expected).Count(pair => pair.First.Equals(pair.Second))} of them right; an undisturbed run stores {expected.Count}"));
        if (promised.Trains && !expected[^1].Equals(job.FinalLoss))
            yield return Broken(Promise.TheNumbersAreRight, string.Create(CultureInfo.InvariantCulture, $"found {job.FinalLoss}, an undisturbed run {expected[^1]}"));
    }

    static (Promise, string)[] Growing(string table, string order) =>
        [(Promise.NoStaleWrite, $"SELECT job_id, '{table} ' || at || ' has fence ' || fence || ' after ' || before FROM (SELECT job_id, {order} AS at, fence, max(fence) OVER (PARTITION BY job_id ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM {table}) f WHERE fence < before")];

    static (Promise, string)[] Claimed(string table) =>
        [(Promise.NoStaleWrite, $"SELECT DISTINCT job_id, '{table} under fence ' || fence || ' which no claim has' FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM job_event e WHERE e.job_id = t.job_id AND e.fence = t.fence AND e.to_state = 'Running')")];

    static async Task<List<T>> Rows<T>(TestDatabase database, string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        command.CommandTimeout = 300;
        await using var rows = await command.ExecuteReaderAsync();
        var list = new List<T>();
        while (await rows.ReadAsync())
            list.Add(read(rows));
        return list;
    }
}
