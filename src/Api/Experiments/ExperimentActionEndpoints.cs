using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Jobs;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Experiments;

/// <summary>What became of one job.</summary>
sealed record ExperimentJobAsked(string Key, Guid JobId, RequestKind Outcome, JobState? State, string Says);

/// <summary>What became of a request about an experiment: job by job; those that had succeeded are left out.</summary>
sealed record ExperimentAsked(int Changed, IReadOnlyList<ExperimentJobAsked> Jobs);

/// <summary>Pause, resume, retry and reorder the jobs of an experiment, or cancel every experiment that matches a filter.</summary>
static class ExperimentActionEndpoints
{
    public static void MapExperimentActions(this IEndpointRouteBuilder experiments)
    {
        var group = experiments.MapGroup("").RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter));
        One(group, "pause", Pause, "Pause every job of an experiment that has not ended");
        One(group, "resume", Resume, "Let every paused job of an experiment go on");
        One(group, "retry", Retry, "Have every failed or cancelled job of an experiment tried again");
        One(group, "priority", Priority, "Change the priority of every job of an experiment that does not run yet");
        group.MapPost("/cancel", CancelAll).WithName("cancelExperiments").ProducesProblem(400).ProducesProblem(409)
            .WithSummary("Cancel every experiment that matches a filter")
            .WithDescription($"The filter is that of GET /v1/experiments. expect says how many you expect to match: if others do, 409 says how many and nothing is changed. At most {BulkAction.Most} at once.");
    }

    static void One(RouteGroupBuilder group, string verb, Delegate action, string summary) =>
        group.MapPost($"/{{id:guid}}/{verb}", action).WithName($"{verb}Experiment").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).WithSummary(summary)
            .WithDescription("Jobs that other experiments use are changed only with evenIfShared=true. Where no job can be changed, 409 says why.");

    static async Task<Results<Ok<ExperimentAsked>, ProblemHttpResult>> Pause(Guid id, ClaimsPrincipal user, JobStore jobs, bool evenIfShared = false, CancellationToken ct = default) =>
        Answer(id, await jobs.PauseExperiment(id, user.Sees(), user.Owner(), evenIfShared, ct));

    static async Task<Results<Ok<ExperimentAsked>, ProblemHttpResult>> Resume(Guid id, ClaimsPrincipal user, JobStore jobs, bool evenIfShared = false, CancellationToken ct = default) =>
        Answer(id, await jobs.ResumeExperiment(id, user.Sees(), user.Owner(), evenIfShared, ct));

    static async Task<Results<Ok<ExperimentAsked>, ProblemHttpResult>> Retry(Guid id, ClaimsPrincipal user, JobStore jobs, string? from, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.From(from, out var where) is { } refused ? refused : Answer(id, await jobs.RetryExperiment(id, user.Sees(), where, user.Owner(), evenIfShared, ct));

    static async Task<Results<Ok<ExperimentAsked>, ProblemHttpResult>> Priority(Guid id, ClaimsPrincipal user, JobStore jobs, int priority, bool evenIfShared = false, CancellationToken ct = default) =>
        BulkAction.Check(priority) is { } refused ? refused : Answer(id, await jobs.SetExperimentPriority(id, user.Sees(), priority, user.Owner(), evenIfShared, ct));

    static Results<Ok<ExperimentAsked>, ProblemHttpResult> Answer(Guid id, ExperimentOutcome done)
    {
        if (!done.Found) return Refusal.NotFound("experiment", id);
        var jobs = done.Jobs.Select(job => new ExperimentJobAsked(job.Key, job.JobId, job.Outcome.Kind, job.Outcome.State, job.Outcome.Says)).ToList();
        if (done.Changed) return TypedResults.Ok(new ExperimentAsked(jobs.Count(job => job.Outcome is RequestKind.Done or RequestKind.Requested), jobs));
        return jobs.Find(job => job.Outcome == RequestKind.Shared) is { } shared
            ? Refusal.As(ProblemKind.Shared, shared.Says, ("jobs", jobs))
            : Refusal.As(ProblemKind.NotInThisState, jobs.Count == 0 ? "every job of it has succeeded: there is nothing to change" : jobs[0].Says, ("jobs", jobs));
    }

    static async Task<Results<Ok<BulkDone>, ProblemHttpResult>> CancelAll(
        ClaimsPrincipal user, ExperimentStore experiments, [AsParameters] ExperimentQuery query, int? expect, CancellationToken ct = default)
    {
        var (filter, refused) = query.Read(user);
        if (refused is not null) return refused;
        var matching = (await experiments.List(filter, true, null, BulkAction.Most + 1, ct)).Select(view => view.Id).ToList();
        return await BulkAction.Do(matching, expect, async id =>
        {
            var done = await experiments.Cancel(id, user.Sees(), user.Owner(), ct);
            return (done is { Found: true, AlreadyEnded: false }, "it had ended already");
        });
    }
}
