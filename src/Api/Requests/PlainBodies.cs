using KdRobust.Api.Problems;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Requests;

/// <summary>
/// Bodies are read as they come: one that is packed, or JSON in another alphabet than UTF-8, is refused before its bytes are
/// taken for something else. So nothing is ever unpacked here.
/// </summary>
sealed class PlainBodies(RequestDelegate next)
{
    static readonly string[] Plain = ["utf-8", "us-ascii"];

    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint() is not null && !HttpMethods.IsGet(context.Request.Method) && Wrong(context.Request) is { } wrong
            ? Refusal.Write(context, ProblemKind.BodyEncoded, wrong)
            : next(context);

    static string? Wrong(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return $"Content-Encoding is {Cut(encoding)}; expected none: send the body as it is";
        if (!request.HasJsonContentType() || !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return null;
        // Once named it must be one, an empty one is none.
        foreach (var parameter in type.Parameters.Where(parameter => parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)))
            if (HeaderUtilities.RemoveQuotes(parameter.Value).ToString() is var charset && !Plain.Contains(charset, StringComparer.OrdinalIgnoreCase))
                return $"charset is {Cut(charset)}; expected utf-8";
        return null;
    }

    static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
