using KdRobust.Api.Problems;
using KdRobust.Persistence.Schema;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace KdRobust.Api.Health;

/// <summary>Whether this process lives, and whether it can do its work.</summary>
static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => TypedResults.Text("alive\n")).AllowAnonymous().WithTags("health").WithName("healthz").Produces<string>(200, "text/plain").WithSummary("This process lives");
        routes.MapGet("/readyz", Ready).AllowAnonymous().WithTags("health").WithName("readyz").Produces<string>(200, "text/plain").ProducesProblem(503).WithSummary("The database answers and has this build's schema");
    }

    static async Task<Results<ContentHttpResult, ProblemHttpResult>> Ready(NpgsqlDataSource database, CancellationToken ct) =>
        await Database.IsMigrated(database, ct)
            ? TypedResults.Text("ready\n")
            : Refusal.As(ProblemKind.DatabaseAway, "the database has not this build's schema: restart the API, which applies migrations when it starts");
}
