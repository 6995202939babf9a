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
        group.MapPost("", Submit).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("submitExperiment")
            .Accepts<ExperimentSpec>("application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(415)
            .WithSummary("Submit an experiment: the spec itself is the body")
            .WithDescription("Answers 201 with the new experiment, or 200 with the one that the same spec made before. With again=true everything is computed anew. A spec with problems is answered with all of them, and nothing is stored.");
        group.MapGet("", List).WithName("listExperiments").WithSummary("Experiments, newest first");
        group.MapGet("/{id:guid}", Show).WithName("showExperiment").WithSummary("An experiment with its jobs and its spec");
        group.MapPost("/{id:guid}/cancel", Cancel).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("cancelExperiment")
            .WithSummary("Cancel an experiment; jobs that other experiments use go on");
        group.MapReports();
    }

    static async Task<Results<Created<ExperimentDetail>, Ok<ExperimentDetail>, ProblemHttpResult>> Submit(
        HttpContext context, ExperimentStore experiments, ApiOptions options, ILogger<ExperimentStore> log, bool again = false, CancellationToken ct = default)
    {
        if (!context.Request.HasJsonContentType())
            return Refusal.As(ProblemKind.NotJson, $"Content-Type is {context.Request.ContentType ?? "missing"}; expected application/json");
        var body = await RequestText.Read(context.Request, options.LargestBody, ct);
        if (body.Refused is { } refused) return refused;
        var reading = SpecReader.Read(body.Text);
        if (!reading.IsValid)
            return Invalid(reading.Problems);

        Submitted submitted;
        try
        {
            submitted = await experiments.Submit(context.User.Owner(), reading.Spec!, again, ct);
        }
        catch (ModelFilesMissingException missing)
        {
            return Invalid(ImportedFiles.Missing(reading.Spec!, missing.Sha256));
        }
        var detail = await Detail(experiments, submitted.Id, ct);
        if (!submitted.Created) return TypedResults.Ok(detail);
        ApiLog.Submitted(log, submitted.Id, detail.Experiment.Name, detail.Experiment.Owner, submitted.Jobs, submitted.ReusedJobs);
        return TypedResults.Created($"/v1/experiments/{submitted.Id}", detail);
    }

    static ProblemHttpResult Invalid(IReadOnlyList<SpecProblem> problems) =>
        Refusal.As(ProblemKind.SpecInvalid, $"{problems.Count} problem(s), first: {problems[0]}", ("errors", problems));

    static async Task<Results<Ok<Page<ExperimentSummary>>, ProblemHttpResult>> List(
        HttpContext context, ExperimentStore experiments, int? limit, string? cursor, string? name, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var before) is { } refused) return refused;
        if (name is not null)
        {
            var newest = await experiments.FindNewest(name, context.User.Sees(), ct);
            return TypedResults.Ok(new Page<ExperimentSummary>(newest is null ? [] : [ExperimentSummary.Of(newest)], null));
        }
        var page = Paging.Answer(context, await experiments.List(context.User.Sees(), before, size, ct), size, view => view.Seq);
        return TypedResults.Ok(new Page<ExperimentSummary>([.. page.Items.Select(ExperimentSummary.Of)], page.Next));
    }

    static async Task<Results<Ok<ExperimentDetail>, ProblemHttpResult>> Show(Guid id, ClaimsPrincipal user, ExperimentStore experiments, CancellationToken ct) =>
        await experiments.Find(id, user.Sees(), ct) is null ? Refusal.NotFound("experiment", id) : TypedResults.Ok(await Detail(experiments, id, ct));

    static async Task<Results<Ok<ExperimentCancelled>, ProblemHttpResult>> Cancel(
        Guid id, ClaimsPrincipal user, ExperimentStore experiments, ILogger<ExperimentStore> log, CancellationToken ct)
    {
        var done = await experiments.Cancel(id, user.Sees(), user.Owner(), ct);
        if (!done.Found) return Refusal.NotFound("experiment", id);
        ApiLog.CancelRequested(log, "experiment", id, user.Owner());
        return TypedResults.Ok(new ExperimentCancelled(done.Cancelled, done.Kept));
    }

    static async Task<ExperimentDetail> Detail(ExperimentStore experiments, Guid id, CancellationToken ct) => new(
        ExperimentSummary.Of((await experiments.Find(id, null, ct))!), await experiments.Jobs(id, ct), (await experiments.Spec(id, ct))!);
}
