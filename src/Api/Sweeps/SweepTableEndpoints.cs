using System.Security.Claims;
using System.Text;
using System.Text.Json;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Sweeps;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Sweeps;

/// <summary>A sweep's table in four forms; an unfinished one shows what is known.</summary>
static class SweepTableEndpoints
{
    public static void MapSweepTables(this IEndpointRouteBuilder sweeps) =>
        sweeps.MapGet("/{id:guid}/table.{format}", Table).WithName("sweepTable").Produces(200).ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Parameters beside results, the best point first, as json, csv, md or txt")
            .WithDescription("sort names the column: a result id, or score for a halving; by default the score, else the base's first result. What is not measured is null in JSON, empty in CSV, and a dash elsewhere.");

    static async Task<Results<ContentHttpResult, ProblemHttpResult>> Table(Guid id, string format, string? sort, ClaimsPrincipal user, SweepStore sweeps, CancellationToken ct)
    {
        if (format is not ("json" or "csv" or "md" or "txt"))
            return Refusal.As(ProblemKind.NotFound, $"there is no table.{format}; expected table.json, table.csv, table.md or table.txt");
        try
        {
            if (await sweeps.Table(id, user.Sees(), sort, ct) is not { } table) return Refusal.NotFound("sweep", id);
            return format switch
            {
                "csv" => TypedResults.Text(table.Csv(), "text/csv", Encoding.UTF8),
                "md" => TypedResults.Text(table.Markdown(), "text/markdown", Encoding.UTF8),
                "txt" => TypedResults.Text(table.Plain(), "text/plain", Encoding.UTF8),
                _ => TypedResults.Text(JsonSerializer.Serialize(table, SpecJson.Indented), "application/json", Encoding.UTF8),
            };
        }
        catch (ArgumentException wrong) when (wrong.ParamName == "sort")
        {
            return Refusal.As(ProblemKind.BadRequest, $"sort: {wrong.Message.Split(" (Parameter", 2)[0]}; expected one of these");
        }
    }
}
