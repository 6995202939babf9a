using System.Globalization;
using System.Text;
using KdRobust.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Hosting;

/// <summary>A request's body as text, or the reason why it is refused.</summary>
readonly record struct RequestText(string Text, ProblemHttpResult? Refused)
{
    /// <summary>Bytes beyond the largest body that are still taken and forgotten: who hears a refusal only after sending hears it.</summary>
    public const int Forgotten = 4 << 20;

    /// <summary>Reads a body of at most <paramref name="largest"/> bytes of UTF-8.</summary>
    public static async Task<RequestText> Read(HttpRequest request, int largest, CancellationToken ct)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        if (request.ContentLength > largest) return await TooLarge(request, buffer, largest, ct);
        while (await request.Body.ReadAsync(buffer, ct) is var read and > 0)
        {
            if (body.Length + read > largest) return await TooLarge(request, buffer, largest, ct);
            body.Write(buffer, 0, read);
        }
        try
        {
            return new(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(body.GetBuffer(), 0, (int)body.Length), null);
        }
        catch (DecoderFallbackException error)
        {
            return new("", Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"the body is not UTF-8: byte 0x{error.BytesUnknown?.FirstOrDefault() ?? 0:X2} at place {error.Index}; expected JSON in UTF-8")));
        }
    }

    static async Task<RequestText> TooLarge(HttpRequest request, byte[] buffer, int largest, CancellationToken ct)
    {
        // A connection that is closed while the other side still sends takes the answer with it.
        if (request.ContentLength is null || request.ContentLength <= largest + Forgotten)
            for (var left = Forgotten - (2 * buffer.Length); left > 0 && await request.Body.ReadAsync(buffer, ct) is > 0 and var read;) left -= read;
        request.HttpContext.Response.Headers.Connection = "close";
        return Refusing(largest);
    }

    static RequestText Refusing(int largest) => new("", Refusal.As(ProblemKind.TooLarge, string.Create(CultureInfo.InvariantCulture, $"a spec has at most {largest} bytes")));
}
