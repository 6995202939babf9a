using System.Security.Claims;
using System.Text.Json.Serialization;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Queues;

/// <summary>What waits, what runs, and how much may run at once.</summary>
/// <param name="Depths">Jobs that have not ended, by state, kind and device.</param>
/// <param name="Ready">Jobs a worker could take now.</param>
/// <param name="OldestReadySeconds">How long the oldest of these has been ready; null when there is none.</param>
/// <param name="Running">Jobs that run.</param>
/// <param name="Quotas">Your quotas and those of all owners together; every one for an admin.</param>
sealed record QueuesAnswer(IReadOnlyList<QueueDepth> Depths, long Ready, double? OldestReadySeconds, long Running, IReadOnlyList<Quota> Quotas);

/// <summary>What a quota shall be.</summary>
/// <param name="Owner">Whose jobs; null for all owners' together.</param>
/// <param name="Device">On which kind of device.</param>
/// <param name="MostRunning">At most so many at once.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
sealed record NewQuota(string? Owner, DeviceKind Device, int MostRunning);

/// <summary>How much work waits and runs, and how much of it may run at once.</summary>
static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/queues", Read).WithTags("queues").WithName("showQueues")
            .WithSummary("Jobs that have not ended, counted by state, kind and device; how long the oldest ready one has waited; quotas")
            .WithDescription("Counts are of all owners, with your own beside them.");
        var admin = routes.MapGroup("/v1/quotas").WithTags("queues").RequireAuthorization(Caller.Policy(ApiKeyRole.Admin));
        admin.MapPost("", Set).WithName("setQuota").ProducesProblem(400).ProducesProblem(415).WithSummary("Say how many jobs of an owner, or of all together, run at once on a kind of device");
        admin.MapDelete("", Remove).WithName("removeQuota").ProducesProblem(400).ProducesProblem(404).WithSummary("Take a quota away").WithDescription("Without owner, that of all owners together.");
    }

    static async Task<Ok<QueuesAnswer>> Read(ClaimsPrincipal user, QueueStore queues, QuotaStore quotas, CancellationToken ct)
    {
        var state = await queues.Read(user.Owner(), ct);
        var seen = (await quotas.List(ct)).Where(quota => quota.Owner is null || user.Sees() is not { } own || quota.Owner == own);
        return TypedResults.Ok(new QueuesAnswer(state.Depths, state.Ready, state.OldestReadySeconds, state.Running, [.. seen]));
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Set(NewQuota wanted, ClaimsPrincipal user, QuotaStore quotas, CancellationToken ct)
    {
        var query = new QueryText();
        var owner = query.Text("owner", wanted.Owner);
        if (query.Refused is { } refused) return refused;
        if (wanted.MostRunning < 0) return Refusal.As(ProblemKind.BadRequest, FormattableString.Invariant($"mostRunning is {wanted.MostRunning}; expected 0 or more"));
        await quotas.Set(owner, wanted.Device, wanted.MostRunning, user.Owner(), ct);
        return TypedResults.NoContent();
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Remove(string? device, string? owner, QuotaStore quotas, CancellationToken ct)
    {
        var query = new QueryText();
        var (kind, whose) = (query.OneOf<DeviceKind>("device", device ?? ""), query.Text("owner", owner));
        if (query.Refused is { } refused) return refused;
        return await quotas.Remove(whose, kind!.Value, ct) ? TypedResults.NoContent() : Refusal.NotFound("quota", $"of {whose ?? "all owners"} on {device}");
    }
}
