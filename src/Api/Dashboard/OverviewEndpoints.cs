using System.Security.Claims;
using KdRobust.Api.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Dashboard;

/// <summary>What the service does now.</summary>
static class OverviewEndpoints
{
    public static void MapOverview(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/overview", Now).WithTags("overview").WithName("overview").WithSummary("Jobs by kind and state, workers, and what is in trouble")
            .WithDescription("As it changes: /v1/events?topics=overview.");

    static async Task<Ok<OverviewDocument>> Now(ClaimsPrincipal user, OverviewSource source, CancellationToken ct) =>
        TypedResults.Ok(await source.Read(user.Sees(), ct));
}
