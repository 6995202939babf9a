using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Dashboard;

/// <summary>The live page: its files, and the one document behind each of its addresses. Public, for whoever opens it has no key yet.</summary>
sealed class PageMiddleware(RequestDelegate next, PageFiles files)
{
    // Everything from here, nothing inline; figures and downloads are blobs, because they are fetched with the key.
    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    const string Forever = "public, max-age=31536000, immutable";

    /// <summary>First parts of the addresses that the page answers itself.</summary>
    static readonly string[] Places = ["", "experiments", "jobs", "workers"];

    /// <summary>Answers with a file of the page; everything else goes on.</summary>
    public Task InvokeAsync(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && Find(context.Request.Path.Value ?? "/") is { } file ? Send(context, file) : next(context);

    PageFile? Find(string path) =>
        path != PageFiles.Start && files.Find(path) is { } file ? file : Places.Contains(path.Split('/') is [_, var place, ..] ? place : "", StringComparer.Ordinal) ? files.Find(PageFiles.Start) : null;

    static Task Send(HttpContext context, PageFile file)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers.CacheControl = file.Named ? Forever : "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        response.Headers.ETag = file.ETag;
        if (request.Headers.IfNoneMatch.Any(tags => tags is not null && tags.Split(',', StringSplitOptions.TrimEntries).Contains(file.ETag)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        var (body, encoding) = Best(request.Headers.AcceptEncoding, file);
        if (encoding is not null) response.Headers.ContentEncoding = encoding;
        response.ContentType = file.ContentType;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    static (byte[] Body, string? Encoding) Best(StringValues header, PageFile file)
    {
        if (!StringWithQualityHeaderValue.TryParseList(header, out var accepted)) return (file.Plain, null);
        bool Takes(string encoding) => accepted.Any(a => a.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && a.Quality is not 0);
        return file.Brotli is not null && Takes("br") ? (file.Brotli, "br") : file.Gzip is not null && Takes("gzip") ? (file.Gzip, "gzip") : (file.Plain, null);
    }
}
