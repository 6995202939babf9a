using KdRobust.Persistence.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Workers;

/// <summary>Who computes.</summary>
static class WorkerEndpoints
{
    public static void MapWorkers(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/workers", List).WithTags("workers").WithName("listWorkers").WithSummary("Every worker ever heard of, and what it holds now");

    static async Task<Ok<IReadOnlyList<WorkerView>>> List(WorkerStore workers, CancellationToken ct) => TypedResults.Ok(await workers.List(ct));
}
