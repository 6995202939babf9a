using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Queues;

/// <summary>How much work waits and runs.</summary>
static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/queues", Read).WithTags("queues").WithName("showQueues")
            .WithSummary("Jobs that have not ended, counted by state, kind and device, and how long the oldest ready one has waited")
            .WithDescription("Counts are of all owners, with your own beside them.");

    static async Task<Ok<QueueState>> Read(ClaimsPrincipal user, QueueStore queues, CancellationToken ct) => TypedResults.Ok(await queues.Read(user.Owner(), ct));
}
