using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Chores;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Retention;
using KdRobust.Queue.Chores;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Chores;

/// <summary>What the service does for itself, and doing it now.</summary>
static class ChoreEndpoints
{
    const int LongestList = 500;

    public static void MapChores(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/chores").WithTags("chores").RequireAuthorization(Caller.Policy(ApiKeyRole.Admin));
        group.MapGet("", List).WithName("listChores").WithSummary("What chores did, newest first");
        group.MapPost("/retention", Retention).WithName("runRetention").WithSummary("Run retention now, or say what it would do")
            .WithDescription("With dryRun=true nothing is changed. The answer counts what was, or would be, given back.");
    }

    static async Task<Results<Ok<IReadOnlyList<ChoreRun>>, ProblemHttpResult>> List(ChoreRunStore runs, string? chore, int? limit, CancellationToken ct) =>
        limit is < 1 or > LongestList
            ? Refusal.As(ProblemKind.BadRequest, $"limit is {limit}; expected 1 to {LongestList}")
            : chore is not (null or ServiceChores.Retention or ServiceChores.Backup)
            ? Refusal.As(ProblemKind.BadRequest, $"there is no such chore; expected {ServiceChores.Retention} or {ServiceChores.Backup}")
            : TypedResults.Ok(await runs.List(chore, limit ?? 50, ct));

    static async Task<Ok<RetentionReport>> Retention(ServiceChores chores, bool dryRun = false, CancellationToken ct = default) =>
        TypedResults.Ok(await chores.RunRetention(dryRun, ct));
}
