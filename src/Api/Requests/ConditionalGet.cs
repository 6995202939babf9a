using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Requests;

/// <summary>
/// Every answer to a GET has an ETag, the SHA-256 of its bytes, and is 304 without a body where the client has it already.
/// Answers that are larger than a few megabytes, or live, are sent as they come and have none.
/// </summary>
sealed class ConditionalGet(RequestDelegate next)
{
    const int Largest = 4 << 20;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<Streamed>() is not null)
        {
            await next(context);
            return;
        }
        var client = context.Response.Body;
        var body = new KeptBody(client, Largest, holdBack: true);
        context.Response.Body = body;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = client;
        }
        if (!body.IsWhole) return;
        if (context.Response is { StatusCode: StatusCodes.Status200OK, HasStarted: false })
        {
            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body.Copy.Span))}\"";
            context.Response.Headers.ETag = tag;
            // Whoever keeps an answer asks again before using it, and does not show it to others.
            context.Response.Headers.CacheControl = "private, no-cache";
            if (Has(context.Request, tag))
            {
                NotModified(context.Response);
                return;
            }
        }
        if (context.Response.ContentLength is null && body.Copy.Length > 0) context.Response.ContentLength = body.Copy.Length;
        await body.Release(context.RequestAborted);
    }

    /// <summary>True when the client says that it has the answer of this tag.</summary>
    public static bool Has(HttpRequest request, string tag) =>
        request.Headers.IfNoneMatch is { Count: > 0 } known && EntityTagHeaderValue.TryParseList(known, out var tags)
        && tags.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(new EntityTagHeaderValue(tag), useStrongComparison: false));

    /// <summary>Makes an answer 304.</summary>
    public static void NotModified(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        response.ContentLength = null;
        response.Headers.ContentType = StringValues.Empty;
    }
}
