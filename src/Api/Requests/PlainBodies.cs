using KdRobust.Api.Problems;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Requests;

/// <summary>
/// Bodies are read as they come: one that is packed, or JSON in another alphabet than UTF-8, is refused before its bytes are
/// taken for something else. So nothing is ever unpacked here.
/// </summary>
sealed class PlainBodies(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint() is not null && !HttpMethods.IsGet(context.Request.Method) && Wrong(context.Request) is { } wrong
            ? Refusal.Write(context, ProblemKind.BodyEncoded, wrong)
            : next(context);

    static string? Wrong(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return $"Content-Encoding is {Cut(encoding)}; expected none: send the body as it is";
        if (request.HasJsonContentType() && MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && HeaderUtilities.RemoveQuotes(type.Charset) is { Length: > 0 } charset
            && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase))
            return $"charset is {Cut(charset.ToString())}; expected utf-8";
        return null;
    }

    static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
