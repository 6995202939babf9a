using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Jobs;

/// <summary>A job with its history, what it stored, and who uses it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Events">The first thousand lines of its history; <c>/events</c> has all of it in pages.</param>
/// <param name="Checkpoints">What it stored.</param>
/// <param name="Experiments">The newest hundred experiments that use it.</param>
/// <param name="Waiting">Why it does not run, in one sentence; null when it runs or has ended.</param>
sealed record JobDetail(JobView Job, IReadOnlyList<JobEventView> Events, IReadOnlyList<CheckpointInfo> Checkpoints, IReadOnlyList<Guid> Experiments, string? Waiting);

/// <summary>What a request to cancel a job did: <c>cancelled</c>, <c>requested</c> (its worker has been told) or <c>already-ended</c>.</summary>
sealed record JobCancelled(CancelKind Outcome, IReadOnlyList<JobUser> Experiments);

/// <summary>Show and cancel jobs.</summary>
static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/jobs").WithTags("jobs");
        group.MapGet("/{id:guid}", Show).WithMetadata(new ChecksItsKey()).WithName("showJob").ProducesProblem(404).WithSummary("A job with its history, stored files and experiments");
        group.MapPost("/{id:guid}/cancel", Cancel).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("cancelJob").ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Cancel a job and what waits for it")
            .WithDescription("A job that several experiments use is cancelled only with evenIfShared=true; else 409 names them.");
        group.MapJobActions();
        group.MapJobLists();
        group.MapMetrics();
    }

    static async Task<Results<Ok<JobDetail>, ProblemHttpResult>> Show(Guid id, ClaimsPrincipal user, JobStore jobs, CancellationToken ct) =>
        await jobs.Details(id, user.Sees(), user.KeyId(), ct) is { } found
            ? TypedResults.Ok(new JobDetail(found.Job, found.Events, found.Checkpoints, found.Experiments, found.Waiting))
            : Refusal.NotFound("job", id);

    static async Task<Results<Ok<JobCancelled>, ProblemHttpResult>> Cancel(
        Guid id, ClaimsPrincipal user, JobStore jobs, ILogger<JobStore> log, bool evenIfShared = false, CancellationToken ct = default)
    {
        if (await jobs.Find(id, user.Sees(), ct) is null) return Refusal.NotFound("job", id);
        var done = await jobs.RequestCancel(id, user.Owner(), evenIfShared, ct);
        switch (done.Kind)
        {
            case CancelKind.NotFound: return Refusal.NotFound("job", id);
            case CancelKind.Shared:
                return Refusal.As(ProblemKind.Shared, $"{done.Users.Count} experiments use this job: {string.Join(", ", done.Users.Select(u => u.Name))}", ("experiments", done.Users));
            default:
                ApiLog.CancelRequested(log, "job", id, user.Owner());
                return TypedResults.Ok(new JobCancelled(done.Kind, done.Users));
        }
    }
}
