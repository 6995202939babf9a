using System.Security.Claims;
using System.Text;
using System.Text.Json;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Api.Reports;
using KdRobust.Domain.Experiments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Experiments;

/// <summary>An experiment's report in four forms; an unfinished one shows what is known.</summary>
static class ReportEndpoints
{
    public static void MapReports(this IEndpointRouteBuilder experiments) =>
        experiments.MapGet("/{id:guid}/report.{format}", Report).WithName("report").Produces(200)
            .WithSummary("The report as html (one self-contained page), md, json or csv");

    static async Task<Results<ContentHttpResult, ProblemHttpResult>> Report(Guid id, string format, ClaimsPrincipal user, ReportSource source, CancellationToken ct)
    {
        if (format is not ("html" or "md" or "json" or "csv"))
            return Refusal.As(ProblemKind.NotFound, $"there is no report.{format}; expected report.html, report.md, report.json or report.csv");
        if (await source.Load(id, user.Sees(), ct) is not var (report, context)) return Refusal.NotFound("experiment", id);
        return format switch
        {
            "html" => TypedResults.Text(HtmlReport.Write(report, context), "text/html", Encoding.UTF8),
            "md" => TypedResults.Text(MarkdownReport.Write(report), "text/markdown", Encoding.UTF8),
            "csv" => TypedResults.Text(CsvReport.Write(report), "text/csv", Encoding.UTF8),
            _ => TypedResults.Text(JsonSerializer.Serialize(report, SpecJson.Indented), "application/json", Encoding.UTF8),
        };
    }
}
