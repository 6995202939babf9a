using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Experiments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Experiments;

/// <summary>A request whose body is a spec.</summary>
static class SpecBody
{
    const int MostTold = 1000;

    /// <summary>The spec, checked; or why it is refused, with every problem at once.</summary>
    public static async Task<(ExperimentSpec? Spec, ProblemHttpResult? Refused)> Read(HttpRequest request, ApiOptions options, CancellationToken ct)
    {
        if (!request.HasJsonContentType())
            return (null, Refusal.As(ProblemKind.NotJson, $"Content-Type is {request.ContentType ?? "missing"}; expected application/json"));
        var body = await RequestText.Read(request, options.LargestBody, ct);
        if (body.Refused is { } refused) return (null, refused);
        var reading = SpecReader.Read(body.Text);
        return reading.IsValid ? (reading.Spec, null) : (null, Invalid(reading.Problems));
    }

    /// <summary>The refusal of a spec, with every problem, or of very many the first.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyList<SpecProblem> problems) =>
        Refusal.As(ProblemKind.SpecInvalid, $"{problems.Count} problem(s), first: {problems[0]}", ("errors", problems.Take(MostTold)));
}
