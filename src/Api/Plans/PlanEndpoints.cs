using KdRobust.Api.Access;
using KdRobust.Api.Experiments;
using KdRobust.Api.Hosting;
using KdRobust.Api.Requests;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Plans;

/// <summary>A job that a spec would become.</summary>
/// <param name="Key">Its key in the plan, e.g. <c>train/cni</c>.</param>
/// <param name="Name">For people.</param>
/// <param name="Kind">E.g. <c>train</c>.</param>
/// <param name="Fingerprint">SHA-256 of all its numbers depend on.</param>
/// <param name="DependsOn">Keys of the jobs it waits for.</param>
/// <param name="Reused">The job of yours that computes or has computed the same; null when it is new.</param>
/// <param name="ReusedState">Where that one is.</param>
/// <param name="Seconds">Seconds of computing, estimated; 0 when it has succeeded already, null without a basis.</param>
/// <param name="Basis">What the estimate rests on.</param>
sealed record PlanJob(
    string Key, string Name, string Kind, string Fingerprint, IReadOnlyList<string> DependsOn, Guid? Reused, JobState? ReusedState, double? Seconds, string Basis);

/// <summary>What submitting a spec would do; nothing was done.</summary>
/// <param name="Name">The spec's name.</param>
/// <param name="Fingerprint">SHA-256 of the spec.</param>
/// <param name="Jobs">Its jobs, parents first.</param>
/// <param name="New">How many of them are new.</param>
/// <param name="Seconds">Seconds of computing of all that have a basis, one after the other.</param>
/// <param name="WithoutBasis">Jobs nothing like which you have computed yet.</param>
sealed record PlanAnswer(string Name, string Fingerprint, IReadOnlyList<PlanJob> Jobs, int New, double Seconds, int WithoutBasis);

/// <summary>What a spec would become.</summary>
static class PlanEndpoints
{
    const string Finished = "computed already";

    public static void MapPlans(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/plan", Plan).WithMetadata(new ChangesNothing()).WithTags("experiments").WithName("planExperiment")
            .Accepts<ExperimentSpec>("application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(415)
            .WithSummary("What submitting a spec would do: its jobs, which of them you have computed already, and how long the others will take")
            .WithDescription("Changes nothing. An estimate is the median seconds a pass of your own finished jobs of the same kind, network, device and threads, times the passes; without such jobs there is none. With again=true nothing is reused.");

    static async Task<Results<Ok<PlanAnswer>, ProblemHttpResult>> Plan(HttpContext context, FinishedWork work, ApiOptions options, bool again = false, CancellationToken ct = default)
    {
        var (spec, refused) = await SpecBody.Read(context.Request, options, ct);
        if (refused is not null) return refused;
        var plan = ExperimentPlan.Of(spec!);
        var owner = context.User.Owner();
        var known = again ? new Dictionary<string, KnownJob>() : await work.Known(owner, [.. plan.Jobs.Select(job => job.Fingerprint)], ct);
        var measured = await work.Measured(owner, plan.Jobs.Select(job => job.Payload.KindName).ToHashSet(StringComparer.Ordinal), ct);
        var jobs = plan.Jobs.Select(job => Job(job, known.GetValueOrDefault(job.Fingerprint), measured)).ToList();
        return TypedResults.Ok(new PlanAnswer(
            spec!.Name, plan.Fingerprint, jobs, jobs.Count(job => job.Reused is null), jobs.Sum(job => job.Seconds ?? 0), jobs.Count(job => job.Seconds is null)));
    }

    static PlanJob Job(PlannedJob job, KnownJob? known, IReadOnlyList<MeasuredWork> measured)
    {
        var estimate = known?.State == JobState.Succeeded ? new WorkEstimate(0, Finished) : WorkEstimate.Of(WorkUnits.Of(job.Payload), measured);
        return new(job.Key, job.DisplayName, job.Payload.KindName, job.Fingerprint, [.. job.DependsOn], known?.Id, known?.State, estimate.Seconds, estimate.Basis);
    }
}
