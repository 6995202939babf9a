using System.Globalization;
using System.Text;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Api.Reports;
using KdRobust.Api.Requests;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Jobs;

/// <summary>A stored number of a job.</summary>
/// <param name="Id">Its position: the cursor.</param>
/// <param name="Attempt">Which attempt measured it; where two say something about one step of a series, the later counts.</param>
/// <param name="Series">E.g. <c>train/loss</c>.</param>
/// <param name="Epoch">Epochs finished.</param>
/// <param name="Step">Global step, or iteration k.</param>
/// <param name="Value">The number.</param>
sealed record Metric(long Id, int Attempt, string Series, int Epoch, long Step, double Value)
{
    public static Metric Of(StoredMetric stored) => new(stored.Id, stored.Attempt, stored.Point.Series, stored.Point.Epoch, stored.Point.Step, stored.Point.Value);
}

/// <summary>The numbers a job measured over time.</summary>
static class MetricEndpoints
{
    const int LongestPage = 10_000;

    public static void MapMetrics(this IEndpointRouteBuilder jobs) =>
        jobs.MapGet("/{id:guid}/metrics", Read).WithName("jobMetrics").Produces<Page<Metric>>().ProducesProblem(400).ProducesProblem(404)
            .WithSummary("A job's metrics in the order they were stored")
            .WithDescription("JSON comes in pages (limit, cursor). With format=csv, or Accept: text/csv, everything after the cursor is streamed.");

    static async Task<Results<Ok<Page<Metric>>, PushStreamHttpResult, ProblemHttpResult>> Read(
        Guid id, HttpContext context, JobStore jobs, MetricStore metrics, int? limit, string? cursor, string? format, CancellationToken ct)
    {
        if (format is not (null or "json" or "csv")) return Refusal.As(ProblemKind.BadRequest, $"format is '{format}'; expected json or csv");
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var after) is { } refused) return refused;
        if (await jobs.Find(id, context.User.Sees(), ct) is null) return Refusal.NotFound("job", id);
        if (format == "csv" || (format is null && PrefersCsv(context.Request)))
        {
            RequestTimes.Unlimited(context);
            return TypedResults.Stream(body => WriteCsv(body, id, metrics, after ?? 0, context.RequestAborted), "text/csv; charset=utf-8");
        }
        var page = Paging.Answer(context, await metrics.Read(id, after ?? 0, size, ct), size, metric => metric.Id);
        return TypedResults.Ok(new Page<Metric>([.. page.Items.Select(Metric.Of)], page.Next));
    }

    static bool PrefersCsv(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.OrderByDescending(type => type.Quality ?? 1).FirstOrDefault(type => type.MediaType.Value is "text/csv" or "application/json" or "*/*")?.MediaType.Value == "text/csv";

    static async Task WriteCsv(Stream body, Guid job, MetricStore metrics, long after, CancellationToken ct)
    {
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\r\n" };
        await writer.WriteLineAsync("id,attempt,series,epoch,step,value");
        while (await metrics.Read(job, after, LongestPage, ct) is { Count: > 0 } rows)
        {
            foreach (var row in rows.Select(Metric.Of))
                await writer.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{row.Id},{row.Attempt},{CsvReport.Field(row.Series)},{row.Epoch},{row.Step},{row.Value:R}"));
            after = rows[^1].Id;
            if (rows.Count < LongestPage) break;
        }
    }
}
