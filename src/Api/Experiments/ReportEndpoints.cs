using System.Security.Claims;
using System.Text;
using System.Text.Json;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Api.Reports;
using KdRobust.Api.Reports.Charts;
using KdRobust.Domain.Experiments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Experiments;

/// <summary>An experiment's report in four forms and its figures in three; an unfinished one shows what is known.</summary>
static class ReportEndpoints
{
    public static void MapReports(this IEndpointRouteBuilder experiments)
    {
        experiments.MapGet("/{id:guid}/report.{format}", Report).WithName("report").Produces(200).ProducesProblem(404)
            .WithSummary("The report as html (one self-contained page), md, json or csv");
        experiments.MapGet("/{id:guid}/figures/{figure}.{format}", Figure).WithName("figure").Produces(200).ProducesProblem(404)
            .WithSummary("A figure as svg, png or csv (one point a line, with its 95 % interval)");
    }

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

    static async Task<IResult> Figure(Guid id, string figure, string format, ClaimsPrincipal user, ReportSource source, CancellationToken ct)
    {
        if (format is not ("svg" or "png" or "csv"))
            return Refusal.As(ProblemKind.NotFound, $"there is no {figure}.{format}; expected {figure}.svg, {figure}.png or {figure}.csv");
        if (await source.Load(id, user.Sees(), ct) is not var (report, _)) return Refusal.NotFound("experiment", id);
        if (report.Figures.FirstOrDefault(f => f.Id == figure) is not { } found)
            return Refusal.As(ProblemKind.NotFound, $"{report.Name} has no figure '{figure}': there are {(report.Figures.Count == 0 ? "none" : string.Join(", ", report.Figures.Select(f => f.Id)))}");
        return format switch
        {
            "svg" => TypedResults.Text(FigureDrawing.Write(found, report.Synthetic), "image/svg+xml", Encoding.UTF8),
            "png" => TypedResults.Bytes(FigurePng.Of(FigureDrawing.Write(found, report.Synthetic)), "image/png"),
            _ => TypedResults.Text(FigureCsv.Write(found), "text/csv", Encoding.UTF8),
        };
    }
}
