using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace KdRobust.Service.Bench;

/// <summary>Lists and filters over a million jobs, beside the statement they are made of.</summary>
static class Lists
{
    const int Jobs = 1_000_000, PageSize = 100, DeepPage = 1000, Asked = 500, Warming = 200;

    const string Columns =
        """
        job.id, job.name, job.kind, job.owner, job.state, job.reason, job.device, job.threads, job.priority, job.attempt, job.max_attempts, job.worker,
        job.cancel_requested_at IS NOT NULL, CASE WHEN job.state = 'Running' THEN job.progress::text END, CASE WHEN job.state = 'Failed' THEN job.failure ->> 'message' END,
        (job.result ->> 'seconds')::float8, job.created_at, job.started_at, job.finished_at, job.seq, job.turn
        """;

    static readonly IReadOnlyList<(string Name, string Query, string Where, string Order)> Queries =
    [
        ("newest", "", "true", "job.seq DESC"),
        ("failed", "&state=failed", "job.state = 'Failed'", "job.seq DESC"),
        ("of one owner", "&owner=owner3", "job.owner = 'owner3'", "job.seq DESC"),
        ("succeeded evaluations of one owner", "&owner=owner7&state=succeeded&kind=smoothing-eval", "job.owner = 'owner7' AND job.state = 'Succeeded' AND job.kind = 'smoothing-eval'", "job.seq DESC"),
        ("last ended", "&sort=-finished", "job.finished_at IS NOT NULL", "job.finished_at DESC, job.seq DESC"),
    ];

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("list");
        await place.StartApi();
        Load.Say($"making {Jobs} jobs that have ended");
        await History.Finished(place, await History.Payload(place), Jobs);
        using var wire = await place.Connect();
        await using var connection = await place.Database.OpenConnectionAsync();
        var rows = new List<object>();
        var worst = (Excess: double.NegativeInfinity, Name: "");
        foreach (var (name, query, where, order) in Queries)
        {
            await using var command = new NpgsqlCommand($"SELECT {Columns} FROM job WHERE {where} ORDER BY {order} LIMIT {PageSize}", connection);
            await command.PrepareAsync();
            var request = wire.Request("GET", $"/v1/jobs?limit={PageSize}{query}");
            var (raw, ours) = (new List<double>(), new List<double>());
            for (var i = -Warming; i < Asked; i++)
            {
                var sql = await Took(async () =>
                {
                    await using var reader = await command.ExecuteReaderAsync();
                    while (await reader.ReadAsync()) _ = reader.GetGuid(0);
                });
                var http = await Took(() => wire.Text(request, 200));
                if (i < 0) continue; // Warms up: a service that has just started still compiles itself.
                raw.Add(sql);
                ours.Add(http);
            }
            var (rawP99, p99) = (Sample.Quantile(raw, 0.99), Sample.Quantile(ours, 0.99));
            var excess = p99 - (1.5 * rawP99 + 3);
            if (excess > worst.Excess) worst = (excess, name);
            rows.Add(new { list = name, sql_p50_ms = Figure.Rounded(Sample.Quantile(raw, 0.5)), sql_p99_ms = Figure.Rounded(rawP99), p50_ms = Figure.Rounded(Sample.Quantile(ours, 0.5)), p99_ms = Figure.Rounded(p99), allowed_ms = Figure.Rounded(1.5 * rawP99 + 3) });
            Load.Say($"{name}: p99 {rawP99:0.0} ms SQL, {p99:0.0} ms over HTTP");
        }

        // Page by page as a reader goes; then both ends alternately.
        var cursor = "";
        for (var page = 1; page < DeepPage; page++)
        {
            using var answer = JsonDocument.Parse(await wire.Text(wire.Request("GET", $"/v1/jobs?limit={PageSize}{cursor}"), 200));
            cursor = $"&cursor={answer.RootElement.GetProperty("next").GetString()}";
        }
        var (first, deep) = (wire.Request("GET", $"/v1/jobs?limit={PageSize}"), wire.Request("GET", $"/v1/jobs?limit={PageSize}{cursor}"));
        var (firsts, deeps) = (new List<double>(), new List<double>());
        for (var i = 0; i < Asked; i++)
        {
            firsts.Add(await Took(() => wire.Text(first, 200)));
            deeps.Add(await Took(() => wire.Text(deep, 200)));
        }
        var ratio = Sample.Median(deeps) / Sample.Median(firsts);
        return Outcome.Of(
            new { jobs = Jobs, page = PageSize, asked = Asked, rows, page_1_p50_ms = Figure.Rounded(Sample.Median(firsts)), page_1000_p50_ms = Figure.Rounded(Sample.Median(deeps)) },
            ("list_over_allowed_ms", Figure.Most(worst.Excess, "ms", 0, $"p99 of a page over HTTP less what is allowed, 1.5 times the SQL's p99 + 3 ms, of the worst of {Queries.Count} lists over {Jobs} jobs ({worst.Name})")),
            ("page_1000_over_page_1", Figure.Most(ratio, "times", 1.2, $"median time of page {DeepPage} over that of page 1, {PageSize} jobs a page, asked in turn; as fast within the noise of such a quotient")));
    }

    static async Task<double> Took(Func<Task> act)
    {
        var begun = Stopwatch.GetTimestamp();
        await act();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }
}
