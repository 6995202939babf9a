using System.Globalization;
using KdRobust.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Hosting;

/// <summary>A page of a list and the cursor of the next one.</summary>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">Value of <c>cursor</c> for the next page; null on the last.</param>
sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Reads <c>limit</c> and <c>cursor</c>, and says where the next page is.</summary>
static class Paging
{
    /// <summary>Checks them.</summary>
    /// <returns>Null when they are right.</returns>
    public static ProblemHttpResult? Check(int? limit, string? cursor, int most, out int size, out long? after)
    {
        size = limit ?? Math.Min(100, most);
        after = null;
        if (size < 1 || size > most) return Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"limit is {size}; expected 1 to {most}"));
        if (cursor is null) return null;
        if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            return Refusal.As(ProblemKind.BadRequest, $"cursor is '{cursor}'; expected the value of 'next' of the page before");
        after = position;
        return null;
    }

    /// <summary>Checks a limit alone: the cursor is of another form.</summary>
    /// <returns>Null when it is right.</returns>
    public static ProblemHttpResult? Check(int? limit, int most, out int size) => Check(limit, null, most, out size, out _);

    /// <summary>A page; with its next one named in a Link header too.</summary>
    public static Page<T> Answer<T>(HttpContext context, IReadOnlyList<T> items, int size, Func<T, long> position) =>
        Answer(context, items, size, item => position(item).ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc cref="Answer{T}(HttpContext, IReadOnlyList{T}, int, Func{T, long})"/>
    public static Page<T> Answer<T>(HttpContext context, IReadOnlyList<T> items, int size, Func<T, string> position)
    {
        if (items.Count < size) return new(items, null);
        var next = position(items[^1]);
        var query = context.Request.Query.Where(q => q.Key != "cursor").SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v))).Append(KeyValuePair.Create("cursor", (string?)next));
        context.Response.Headers.Link = $"<{context.Request.Path}{QueryString.Create(query)}>; rel=\"next\"";
        return new(items, next);
    }
}
