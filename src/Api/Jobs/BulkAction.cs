using System.Globalization;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Jobs;

/// <summary>What became of a request about everything that matches.</summary>
/// <param name="Matched">How many matched.</param>
/// <param name="Changed">How many of them were changed, or will be.</param>
/// <param name="Skipped">Those that were not.</param>
sealed record BulkDone(int Matched, int Changed, IReadOnlyList<BulkSkipped> Skipped);

/// <summary>One that was not changed, and why.</summary>
sealed record BulkSkipped(Guid Id, string Why);

/// <summary>One action on all that match, after the caller has said how many these are.</summary>
static class BulkAction
{
    /// <summary>At most so many at once.</summary>
    public const int Most = 1000;

    /// <summary>Does it, one after the other, each in a transaction of its own.</summary>
    /// <param name="matching">What matches; one more than <see cref="Most"/> stands for too many.</param>
    /// <param name="expect">How many the caller expects; null is refused.</param>
    /// <param name="action">What is done to each.</param>
    public static async Task<Results<Ok<BulkDone>, ProblemHttpResult>> Do(IReadOnlyList<Guid> matching, int? expect, Func<Guid, Task<(bool Done, string Says)>> action)
    {
        if (expect is null) return Refusal.As(ProblemKind.BadRequest, "expect is missing; expected the number of those that match, as a list under the same filter shows it");
        if (matching.Count > Most) return Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"more than {Most} match; narrow the filter, e.g. by experiment"));
        if (matching.Count != expect)
            return Refusal.As(ProblemKind.CountChanged, string.Create(CultureInfo.InvariantCulture, $"{matching.Count} match, not {expect}; nothing was changed"), ("count", matching.Count));
        var skipped = new List<BulkSkipped>();
        foreach (var id in matching)
            if (await action(id) is { Done: false, Says: var why }) skipped.Add(new(id, why));
        return TypedResults.Ok(new BulkDone(matching.Count, matching.Count - skipped.Count, skipped));
    }

    /// <summary>Where a retry begins.</summary>
    public static ProblemHttpResult? From(string? text, out RetryFrom from)
    {
        from = text == "scratch" ? RetryFrom.Scratch : RetryFrom.Checkpoint;
        return text is null or "scratch" or "checkpoint" ? null : Refusal.As(ProblemKind.BadRequest, $"from is '{text}'; expected checkpoint or scratch");
    }

    /// <summary>Null when it is a priority.</summary>
    public static ProblemHttpResult? Check(int priority) => JobPriority.IsValid(priority)
        ? null
        : Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"priority is {priority}; expected {JobPriority.Lowest} to {JobPriority.Highest}"));
}
