using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Workers;

/// <summary>Who computes, and whether it may.</summary>
static class WorkerEndpoints
{
    const int LongestPage = 500;

    public static void MapWorkers(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/workers").WithTags("workers");
        group.MapGet("", List).WithName("listWorkers").ProducesProblem(400)
            .WithSummary("Every worker ever heard of, by name, and what it holds now").WithDescription("Of the jobs it holds those are named that are yours; an admin sees all. At most limit (default 500); cursor is the last name of the page before, and the Link header names the next page.");
        var admin = group.MapGroup("").RequireAuthorization(Caller.Policy(ApiKeyRole.Admin));
        admin.MapPost("/{name}/drain", Drain).WithName("drainWorker").ProducesProblem(404)
            .WithSummary("Have a worker take no more work and give its jobs back; it stays, idle");
        admin.MapPost("/{name}/undrain", Undrain).WithName("undrainWorker").ProducesProblem(404).WithSummary("Let a drained worker take work again");
        admin.MapPost("/{name}/lift-quarantine", Lift).WithName("liftQuarantine").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Give a device work again that was put aside after errors of its hardware").WithDescription("device as the worker calls it, e.g. cuda:0.");
    }

    static async Task<Results<Ok<IReadOnlyList<WorkerView>>, ProblemHttpResult>> List(HttpContext context, WorkerStore workers, int? limit, string? cursor, CancellationToken ct)
    {
        if (Paging.Check(limit ?? LongestPage, LongestPage, out var size) is { } wrong) return wrong;
        var query = new QueryText();
        var after = query.Text("cursor", cursor);
        return query.Refused is { } refused ? refused : TypedResults.Ok(Paging.Answer(context, await workers.List(context.User.Sees(), after, size, ct), size, worker => worker.Info.Name).Items);
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Drain(string name, ClaimsPrincipal user, WorkerStore workers, CancellationToken ct) =>
        await workers.RequestDrain(Storable(name), user.Owner(), ct) ? TypedResults.NoContent() : Refusal.NotFound("worker", name);

    static async Task<Results<NoContent, ProblemHttpResult>> Undrain(string name, WorkerStore workers, CancellationToken ct) =>
        await workers.Undrain(Storable(name), ct) ? TypedResults.NoContent() : Refusal.NotFound("worker", name);

    static async Task<Results<NoContent, ProblemHttpResult>> Lift(string name, WorkerStore workers, DeviceStore devices, string? device, CancellationToken ct)
    {
        var query = new QueryText();
        if (query.Text("device", device ?? "") is not { } which) return query.Refused!;
        if (await workers.HostOf(Storable(name), ct) is not { } host) return Refusal.NotFound("worker", name);
        return await devices.LiftQuarantine(new DeviceName(host, which), ct)
            ? TypedResults.NoContent()
            : Refusal.As(ProblemKind.NotInThisState, $"{which} of {host} is not in quarantine");
    }

    // No worker is called by what the database cannot store.
    static string Storable(string name) => name.Contains('\0') ? "" : name;
}
