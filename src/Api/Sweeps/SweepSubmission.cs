using System.Text.Json.Nodes;
using KdRobust.Api.Access;
using KdRobust.Api.Experiments;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Sweeps;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace KdRobust.Api.Sweeps;

/// <summary>Takes a sweep in.</summary>
static class SweepSubmission
{
    /// <summary>Largest sweep, in bytes: ten thousand points may be written down one by one.</summary>
    public const int LargestSweep = 8 << 20;

    public static async Task<Results<Created<SweepFilled>, Ok<SweepFilled>, ProblemHttpResult>> Handle(
        HttpContext context, SweepStore sweeps, ILogger<SweepStore> log, bool again = false, CancellationToken ct = default)
    {
        if (!context.Request.HasJsonContentType())
            return Refusal.As(ProblemKind.NotJson, $"Content-Type is {context.Request.ContentType ?? "missing"}; expected application/json");
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = LargestSweep + RequestText.Forgotten;
        var body = await RequestText.Read(context.Request, LargestSweep, ct);
        if (body.Refused is { } refused) return refused;
        var reading = SweepReader.Read(body.Text);
        if (!reading.IsValid) return SpecBody.Invalid(reading.Problems);
        var (plan, problems) = SweepPlan.Of(reading.Spec!);
        if (plan is null) return SpecBody.Invalid(problems);

        SweepSubmitted submitted;
        try
        {
            submitted = await sweeps.Submit(context.User.Owner(), plan, again, ct);
        }
        catch (ModelFilesMissingException missing)
        {
            return SpecBody.Invalid(Missing(plan, missing.Sha256));
        }
        var answer = new SweepFilled(SweepSummary.Of((await sweeps.Find(submitted.Id, null, ct))!), submitted.Made, submitted.Jobs, submitted.ReusedJobs);
        ApiLog.SweepSubmitted(log, submitted.Id, answer.Sweep.Name, answer.Sweep.Owner, submitted.Points, submitted.Made, submitted.Jobs, submitted.ReusedJobs);
        return submitted.Created ? TypedResults.Created($"/v1/sweeps/{submitted.Id}", answer) : TypedResults.Ok(answer);
    }

    /// <summary>An example that runs in minutes: the smallest experiment at two learning rates.</summary>
    public static Task Describe(OpenApiOperation operation)
    {
        if (operation.RequestBody?.Content?.TryGetValue("application/json", out var body) == true) body.Example = Example();
        return Task.CompletedTask;
    }

    internal static JsonObject Example() => new()
    {
        ["name"] = "example-rates", ["title"] = "Clean accuracy over learning rates",
        ["base"] = JsonNode.Parse(ExampleSpec.Text),
        ["space"] = new JsonObject
        {
            ["kind"] = "grid",
            ["axes"] = new JsonObject { ["rate"] = new JsonObject { ["paths"] = new JsonArray("models.net.weights.optimizer.learningRate"), ["values"] = new JsonArray(0.003, 0.01) } },
        },
        ["halving"] = null,
    };

    // The same file is missing to every point that imports it: told once, where the base or an axis names it.
    static IReadOnlyList<SpecProblem> Missing(SweepPlan plan, IReadOnlySet<string> sha256) =>
        [.. plan.Points.SelectMany(point => ImportedFiles.Missing(point.Spec, sha256)).Distinct().Select(problem => problem with { Path = "$.base" + problem.Path[1..] })];
}
