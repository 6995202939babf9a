using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace KdRobust.Api.Problems;

/// <summary>Problem documents (RFC 9457) of this service.</summary>
static class Refusal
{
    /// <summary>A refusal as a result of an endpoint.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="detail">What happened this time, and what would be right.</param>
    /// <param name="extensions">Members beside the standard ones.</param>
    public static ProblemHttpResult As(ProblemKind kind, string detail, params (string Name, object? Value)[] extensions) =>
        TypedResults.Problem(Document(kind, detail, extensions));

    /// <summary>No such thing, or none that this key may see: the two are not told apart.</summary>
    public static ProblemHttpResult NotFound(string what, object id) => As(ProblemKind.NotFound, $"there is no {what} {id} that this key may see");

    /// <summary>Writes a refusal where no endpoint does: authentication, unknown addresses, exceptions.</summary>
    public static Task Write(HttpContext context, ProblemKind kind, string detail)
    {
        context.Response.StatusCode = kind.Status;
        return As(kind, detail).ExecuteAsync(context);
    }

    static ProblemDetails Document(ProblemKind kind, string detail, (string Name, object? Value)[] extensions)
    {
        var document = new ProblemDetails { Type = kind.Type, Title = kind.Title, Status = kind.Status, Detail = detail };
        foreach (var (name, value) in extensions) document.Extensions[name] = value;
        if (Activity.Current?.TraceId.ToHexString() is { } trace) document.Extensions["traceId"] = trace;
        return document;
    }
}
