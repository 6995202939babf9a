using System.Globalization;
using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Jobs;

/// <summary>What became of a request about a job.</summary>
/// <param name="Outcome"><c>done</c>: it is so now; <c>requested</c>: it will be so, <paramref name="Says"/> tells when.</param>
/// <param name="State">The job's state after it.</param>
/// <param name="Says">One sentence for a person.</param>
/// <param name="Experiments">Every experiment that uses the job.</param>
/// <param name="TakenBack">Jobs that came back with a retried one.</param>
sealed record JobAsked(RequestKind Outcome, JobState? State, string Says, IReadOnlyList<JobUser> Experiments, IReadOnlyList<Guid> TakenBack);

/// <summary>Pause, resume, retry and reorder jobs: one by its id, or all that match a filter.</summary>
static class JobActionEndpoints
{
    public static void MapJobActions(this IEndpointRouteBuilder jobs)
    {
        var group = jobs.MapGroup("").RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter));
        One(group, "pause", Pause, "Pause a job: a running one takes a resume point and stops");
        One(group, "resume", Resume, "Let a paused job go on from its newest resume point");
        One(group, "retry", Retry, "Have a failed or cancelled job tried again, with what was cancelled because of it");
        One(group, "priority", Priority, "Change how early a job that does not run yet is taken");
        All(group, "cancel", CancelAll, "Cancel every job that matches a filter");
        All(group, "pause", PauseAll, "Pause every job that matches a filter");
        All(group, "resume", ResumeAll, "Resume every job that matches a filter");
        All(group, "retry", RetryAll, "Retry every job that matches a filter");
        All(group, "priority", PriorityAll, "Change the priority of every job that matches a filter");
    }

    static void One(RouteGroupBuilder group, string verb, Delegate action, string summary) =>
        group.MapPost($"/{{id:guid}}/{verb}", action).WithName($"{verb}Job").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).WithSummary(summary)
            .WithDescription("A job that several experiments use is changed only with evenIfShared=true; else 409 names them. A job in whose state it makes no sense is 409 and left alone.");

    static void All(RouteGroupBuilder group, string verb, Delegate action, string summary) =>
        group.MapPost($"/{verb}", action).WithName($"{verb}Jobs").ProducesProblem(400).ProducesProblem(409).WithSummary(summary)
            .WithDescription($"The filter is that of GET /v1/jobs. expect says how many you expect to match: if others do, 409 says how many and nothing is changed. At most {BulkAction.Most} at once. 'skipped' tells which could not be changed, and why.");

    static Task<Results<Ok<JobAsked>, ProblemHttpResult>> Pause(Guid id, ClaimsPrincipal user, JobStore jobs, bool evenIfShared = false, CancellationToken ct = default) =>
        Ask(id, user, jobs, () => jobs.Pause(id, user.Owner(), evenIfShared, ct), ct);

    static Task<Results<Ok<JobAsked>, ProblemHttpResult>> Resume(Guid id, ClaimsPrincipal user, JobStore jobs, bool evenIfShared = false, CancellationToken ct = default) =>
        Ask(id, user, jobs, () => jobs.Resume(id, user.Owner(), evenIfShared, ct), ct);

    static async Task<Results<Ok<JobAsked>, ProblemHttpResult>> Retry(Guid id, ClaimsPrincipal user, JobStore jobs, string? from, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.From(from, out var where) is { } refused ? refused : await Ask(id, user, jobs, () => jobs.Retry(id, where, user.Owner(), evenIfShared, ct), ct);

    static async Task<Results<Ok<JobAsked>, ProblemHttpResult>> Priority(Guid id, ClaimsPrincipal user, JobStore jobs, int priority, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.Check(priority) is { } refused ? refused : await Ask(id, user, jobs, () => jobs.SetPriority(id, priority, user.Owner(), evenIfShared, ct), ct);

    static async Task<Results<Ok<JobAsked>, ProblemHttpResult>> Ask(Guid id, ClaimsPrincipal user, JobStore jobs, Func<Task<RequestOutcome>> action, CancellationToken ct)
    {
        if (await jobs.Find(id, user.Sees(), ct) is null) return Refusal.NotFound("job", id);
        var done = await action();
        return done.Kind switch
        {
            RequestKind.Done or RequestKind.Requested => TypedResults.Ok(new JobAsked(done.Kind, done.State, done.Says, done.Users, done.TakenBack)),
            RequestKind.NotFound => Refusal.NotFound("job", id),
            RequestKind.Shared => Refusal.As(ProblemKind.Shared, done.Says, ("experiments", done.Users)),
            _ => Refusal.As(ProblemKind.NotInThisState, done.Says, ("state", done.State)),
        };
    }

    static Task<Results<Ok<BulkDone>, ProblemHttpResult>> CancelAll(
        ClaimsPrincipal user, JobStore jobs, JobList list, [AsParameters] JobQuery query, int? expect, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(user, list, query, expect, async id =>
        {
            var done = await jobs.RequestCancel(id, user.Owner(), evenIfShared, ct);
            return (done.Kind is CancelKind.Cancelled or CancelKind.Requested, done.Kind switch
            {
                CancelKind.Shared => string.Create(CultureInfo.InvariantCulture, $"{done.Users.Count} experiments use it: {string.Join(", ", done.Users.Select(u => u.Name))}"),
                CancelKind.AlreadyEnded => "it had ended already",
                _ => done.Kind.ToString().ToLowerInvariant(),
            });
        }, ct);

    static Task<Results<Ok<BulkDone>, ProblemHttpResult>> PauseAll(
        ClaimsPrincipal user, JobStore jobs, JobList list, [AsParameters] JobQuery query, int? expect, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(user, list, query, expect, async id => Said(await jobs.Pause(id, user.Owner(), evenIfShared, ct)), ct);

    static Task<Results<Ok<BulkDone>, ProblemHttpResult>> ResumeAll(
        ClaimsPrincipal user, JobStore jobs, JobList list, [AsParameters] JobQuery query, int? expect, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(user, list, query, expect, async id => Said(await jobs.Resume(id, user.Owner(), evenIfShared, ct)), ct);

    static async Task<Results<Ok<BulkDone>, ProblemHttpResult>> RetryAll(
        ClaimsPrincipal user, JobStore jobs, JobList list, [AsParameters] JobQuery query, int? expect, string? from, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.From(from, out var where) is { } refused
            ? refused
            : await AskAll(user, list, query, expect, async id => Said(await jobs.Retry(id, where, user.Owner(), evenIfShared, ct)), ct);

    static async Task<Results<Ok<BulkDone>, ProblemHttpResult>> PriorityAll(
        ClaimsPrincipal user, JobStore jobs, JobList list, [AsParameters] JobQuery query, int? expect, int priority, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.Check(priority) is { } refused
            ? refused
            : await AskAll(user, list, query, expect, async id => Said(await jobs.SetPriority(id, priority, user.Owner(), evenIfShared, ct)), ct);

    static async Task<Results<Ok<BulkDone>, ProblemHttpResult>> AskAll(
        ClaimsPrincipal user, JobList list, JobQuery query, int? expect, Func<Guid, Task<(bool Done, string Says)>> action, CancellationToken ct)
    {
        var (filter, refused) = query.Read(user);
        return refused is not null ? refused : await BulkAction.Do(await list.Matching(filter, BulkAction.Most + 1, ct), expect, action);
    }

    static (bool Done, string Says) Said(RequestOutcome outcome) => (outcome.Kind is RequestKind.Done or RequestKind.Requested, outcome.Says);
}
