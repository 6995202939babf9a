using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Experiments;

/// <summary>Submit, list, show and cancel experiments.</summary>
static class ExperimentEndpoints
{
    const int LongestPage = 500;

    public static void MapExperiments(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/experiments").WithTags("experiments");
        group.MapPost("", Submit).WithMetadata(new ChecksItsKey()).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("submitExperiment")
            .Accepts<ExperimentSpec>("application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(415)
            .WithSummary("Submit an experiment: the spec itself is the body")
            .WithDescription("Answers 201 with the new experiment, or 200 with the one that the same spec made before. With again=true everything is computed anew. A spec with problems is answered with all of them, and nothing is stored.");
        group.MapGet("", List).WithName("listExperiments").ProducesProblem(400)
            .WithSummary("Experiments in pages").WithDescription("sort is -created (default: newest first) or created.");
        group.MapGet("/{id:guid}", Show).WithName("showExperiment").ProducesProblem(404).WithSummary("An experiment with its jobs and its spec");
        group.MapPost("/{id:guid}/cancel", Cancel).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("cancelExperiment").ProducesProblem(404)
            .WithSummary("Cancel an experiment; jobs that other experiments use go on");
        group.MapExperimentActions();
        group.MapReports();
    }

    static async Task<Results<Created<ExperimentDetail>, Ok<ExperimentDetail>, ProblemHttpResult>> Submit(
        HttpContext context, ExperimentStore experiments, ApiOptions options, ILogger<ExperimentStore> log, bool again = false, CancellationToken ct = default)
    {
        var (spec, refused) = await SpecBody.Read(context.Request, options, ct);
        if (refused is not null) return refused;
        Submitted submitted;
        ExperimentDetails details;
        try
        {
            (submitted, details) = await experiments.SubmitAndRead(context.User.Owner(), spec!, again, ct);
        }
        catch (ModelFilesMissingException missing)
        {
            return SpecBody.Invalid(ImportedFiles.Missing(spec!, missing.Sha256));
        }
        var detail = Detail(details);
        if (!submitted.Created) return TypedResults.Ok(detail);
        ApiLog.Submitted(log, submitted.Id, detail.Experiment.Name, detail.Experiment.Owner, submitted.Jobs, submitted.ReusedJobs);
        return TypedResults.Created($"/v1/experiments/{submitted.Id}", detail);
    }

    static async Task<Results<Ok<Page<ExperimentSummary>>, ProblemHttpResult>> List(
        HttpContext context, ExperimentStore experiments, [AsParameters] ExperimentQuery query, int? limit, string? cursor, string? sort, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var after) is { } wrong) return wrong;
        var (filter, refused) = query.Read(context.User);
        if (refused is not null) return refused;
        if (sort is not (null or "created" or "-created")) return Refusal.As(ProblemKind.BadRequest, $"sort is '{sort}'; expected -created or created");
        var page = Paging.Answer(context, await experiments.List(filter, sort == "created", after, size, ct), size, view => view.Seq);
        return TypedResults.Ok(new Page<ExperimentSummary>([.. page.Items.Select(ExperimentSummary.Of)], page.Next));
    }

    static async Task<Results<Ok<ExperimentDetail>, ProblemHttpResult>> Show(Guid id, ClaimsPrincipal user, ExperimentStore experiments, CancellationToken ct) =>
        await experiments.Details(id, user.Sees(), ct) is { } found ? TypedResults.Ok(Detail(found)) : Refusal.NotFound("experiment", id);

    static async Task<Results<Ok<ExperimentCancelled>, ProblemHttpResult>> Cancel(
        Guid id, ClaimsPrincipal user, ExperimentStore experiments, ILogger<ExperimentStore> log, CancellationToken ct)
    {
        var done = await experiments.Cancel(id, user.Sees(), user.Owner(), ct);
        if (!done.Found) return Refusal.NotFound("experiment", id);
        ApiLog.CancelRequested(log, "experiment", id, user.Owner());
        return TypedResults.Ok(new ExperimentCancelled(done.Cancelled, done.Kept));
    }

    static ExperimentDetail Detail(ExperimentDetails found) => new(ExperimentSummary.Of(found.Experiment), found.Jobs, found.Spec);
}
