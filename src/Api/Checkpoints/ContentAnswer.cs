using System.Globalization;
using KdRobust.Api.Problems;
using KdRobust.Api.Requests;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Checkpoints;

/// <summary>Stored bytes as an answer: the whole, the part that Range names, or 304; the ETag is their SHA-256.</summary>
/// <param name="Bytes">Length of the whole.</param>
/// <param name="Sha256">SHA-256 of the whole.</param>
/// <param name="Disposition">What to call it.</param>
sealed record ContentAnswer(long Bytes, string Sha256, ContentDispositionHeaderValue Disposition)
{
    /// <summary>Answers.</summary>
    /// <param name="context">Whom.</param>
    /// <param name="whole">Writes all of it.</param>
    /// <param name="part">Writes so many bytes (second) from a first one on.</param>
    public async Task Write(HttpContext context, Func<Stream, Task> whole, Func<long, long, Stream, Task> part)
    {
        var (request, response) = (context.Request, context.Response);
        var tag = $"\"{Sha256}\"";
        response.Headers.ETag = tag;
        response.Headers.AcceptRanges = "bytes";
        if (ConditionalGet.Has(request, tag))
        {
            ConditionalGet.NotModified(response);
            return;
        }
        var range = Range(request, tag);
        if (range is { IsSatisfiable: false })
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{Bytes}");
            await Refusal.As(ProblemKind.RangeNotSatisfiable, string.Create(CultureInfo.InvariantCulture, $"Range is {request.Headers.Range}; there are {Bytes} bytes")).ExecuteAsync(context);
            return;
        }
        response.ContentType = "application/octet-stream";
        response.Headers.ContentDisposition = Disposition.ToString();
        if (range is not var (from, count))
        {
            response.ContentLength = Bytes;
            await whole(response.Body);
            return;
        }
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentLength = count;
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{from + count - 1}/{Bytes}");
        await part(from, count, response.Body);
    }

    // Several ranges, another unit or an If-Range of other bytes: the whole is sent, as RFC 9110 allows.
    ByteRange? Range(HttpRequest request, string tag)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header) || header.Unit != "bytes" || header.Ranges.Count != 1) return null;
        if (request.Headers.IfRange.ToString() is { Length: > 0 } only && only != tag) return null;
        var wanted = header.Ranges.Single();
        var from = wanted.From ?? Math.Max(0, Bytes - wanted.To!.Value);
        var to = wanted.From is null ? Bytes - 1 : Math.Min(wanted.To ?? long.MaxValue, Bytes - 1);
        return new(from, to - from + 1);
    }

    readonly record struct ByteRange(long From, long Count)
    {
        public bool IsSatisfiable => Count > 0;
    }
}
