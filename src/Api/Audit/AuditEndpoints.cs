using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Audit;

/// <summary>Who did what.</summary>
static class AuditEndpoints
{
    const int LongestPage = 500;

    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/audit", List).RequireAuthorization(Caller.Policy(ApiKeyRole.Admin)).WithTags("audit").WithName("listAudit").ProducesProblem(400)
            .WithSummary("Who asked what to be changed, and what came of it, newest first")
            .WithDescription("action is an operation's id, e.g. cancelJob; object e.g. experiment:ID, job:ID, key:ID or model:SHA256, and the address where nothing was found or changed. A line is written in the transaction that makes the change.");

    static async Task<Results<Ok<Page<AuditLine>>, ProblemHttpResult>> List(
        HttpContext context, AuditStore audit, string? owner, string? action, string? @object, string? after, string? before, int? limit, string? cursor, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var last) is { } wrong) return wrong;
        var query = new QueryText();
        var filter = new AuditFilter(query.Text("owner", owner), query.Text("action", action), query.Text("object", @object), query.Time("after", after), query.Time("before", before));
        return query.Refused is { } refused ? refused : TypedResults.Ok(Paging.Answer(context, await audit.List(filter, last, size, ct), size, line => line.Id));
    }
}
