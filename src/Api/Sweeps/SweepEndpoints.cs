using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Sweeps;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Sweeps;

/// <summary>Submit, list, show, fill up and cancel sweeps.</summary>
static class SweepEndpoints
{
    const int LongestPage = 100;
    const int LongestPointPage = 1000;

    public static void MapSweeps(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/sweeps").WithTags("sweeps");
        group.MapPost("", SweepSubmission.Handle).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("submitSweep")
            .Accepts<SweepSpec>("application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(415)
            .AddOpenApiOperationTransformer((operation, _, _) => SweepSubmission.Describe(operation))
            .WithSummary("Submit a sweep: a base experiment, what changes in it, and which points to compute")
            .WithDescription(
                "Answers 201 with the new sweep, or 200 with the one that the same body made before; what of that has failed or was cancelled is made anew, and nothing else. "
                + "Every point becomes an ordinary experiment; points, sweeps and experiments share the jobs they have in common. With again=true everything is computed anew. "
                + "A sweep with problems is answered with all of them, and nothing is stored.");
        group.MapGet("", List).WithName("listSweeps").ProducesProblem(400).WithSummary("Sweeps, newest first").WithDescription("name shows those of one name.");
        group.MapGet("/{id:guid}", Show).WithName("showSweep").ProducesProblem(404).WithSummary("A sweep, how far its points are, and its spec");
        group.MapGet("/{id:guid}/points", Points).WithName("sweepPoints").ProducesProblem(400).ProducesProblem(404).WithSummary("The points: values, experiment, state, and what a halving compared them by");
        group.MapPost("/{id:guid}/retry", Retry).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("retrySweep").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Make anew what of a sweep has failed or was cancelled, and nothing else");
        group.MapPost("/{id:guid}/cancel", Cancel).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("cancelSweep").ProducesProblem(404)
            .WithSummary("Cancel a sweep as one; experiments that another sweep or a person asked for go on");
        group.MapSweepTables();
    }

    static async Task<Results<Ok<Page<SweepSummary>>, ProblemHttpResult>> List(HttpContext context, SweepStore sweeps, int? limit, string? cursor, string? name, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var before) is { } refused) return refused;
        var query = new QueryText();
        var named = query.Text("name", name);
        if (query.Refused is { } wrong) return wrong;
        var page = Paging.Answer(context, await sweeps.List(context.User.Sees(), named, before, size, ct), size, view => view.Seq);
        return TypedResults.Ok(new Page<SweepSummary>([.. page.Items.Select(SweepSummary.Of)], page.Next));
    }

    static async Task<Results<Ok<SweepDetail>, ProblemHttpResult>> Show(Guid id, ClaimsPrincipal user, SweepStore sweeps, CancellationToken ct) =>
        await sweeps.Find(id, user.Sees(), ct) is { } view ? TypedResults.Ok(new SweepDetail(SweepSummary.Of(view), (await sweeps.Spec(id, ct))!)) : Refusal.NotFound("sweep", id);

    static async Task<Results<Ok<Page<SweepPointView>>, ProblemHttpResult>> Points(Guid id, HttpContext context, SweepStore sweeps, int? limit, string? cursor, CancellationToken ct)
    {
        // Rung and place in one number: places end below ten thousand.
        if (Paging.Check(limit, cursor, LongestPointPage, out var size, out var after) is { } refused) return refused;
        if (await sweeps.Find(id, context.User.Sees(), ct) is null) return Refusal.NotFound("sweep", id);
        (int, int)? from = after is { } last ? ((int)Math.Min(last / SweepRules.MostPoints, int.MaxValue), (int)(last % SweepRules.MostPoints)) : null;
        return TypedResults.Ok(Paging.Answer(context, await sweeps.Points(id, from, size, ct), size, point => (long)point.Rung * SweepRules.MostPoints + point.Ordinal));
    }

    static async Task<Results<Ok<SweepFilled>, ProblemHttpResult>> Retry(Guid id, ClaimsPrincipal user, SweepStore sweeps, ILogger<SweepStore> log, CancellationToken ct)
    {
        if (await sweeps.Find(id, user.Sees(), ct) is not { } before) return Refusal.NotFound("sweep", id);
        try
        {
            var filled = await sweeps.Fill(id, ct);
            ApiLog.SweepFilled(log, id, user.Owner(), filled.Made);
            return TypedResults.Ok(new SweepFilled(SweepSummary.Of((await sweeps.Find(id, null, ct))!), filled.Made, filled.Jobs, filled.ReusedJobs));
        }
        catch (Persistence.Models.ModelFilesMissingException missing)
        {
            return Refusal.As(ProblemKind.SpecInvalid, $"'{before.Name}' imports files that its owner no longer has: {string.Join(", ", missing.Sha256)}. Upload them again with kdr import FILE");
        }
    }

    static async Task<Results<Ok<SweepCancelled>, ProblemHttpResult>> Cancel(Guid id, ClaimsPrincipal user, SweepStore sweeps, ILogger<SweepStore> log, CancellationToken ct)
    {
        var done = await sweeps.Cancel(id, user.Sees(), user.Owner(), ct);
        if (!done.Found) return Refusal.NotFound("sweep", id);
        ApiLog.CancelRequested(log, "sweep", id, user.Owner());
        return TypedResults.Ok(new SweepCancelled(done.Experiments, done.Kept, done.Jobs));
    }
}
