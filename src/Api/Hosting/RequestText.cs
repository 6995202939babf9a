using System.Globalization;
using System.Text;
using KdRobust.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Hosting;

/// <summary>A request's body as text, or the reason why it is refused.</summary>
readonly record struct RequestText(string Text, ProblemHttpResult? Refused)
{
    /// <summary>Reads a body of at most <paramref name="largest"/> bytes of UTF-8.</summary>
    public static async Task<RequestText> Read(HttpRequest request, int largest, CancellationToken ct)
    {
        if (request.ContentLength > largest) return TooLarge(largest);
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await request.Body.ReadAsync(buffer, ct) is var read and > 0)
        {
            if (body.Length + read > largest) return TooLarge(largest);
            body.Write(buffer, 0, read);
        }
        try
        {
            return new(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(body.GetBuffer(), 0, (int)body.Length), null);
        }
        catch (DecoderFallbackException error)
        {
            return new("", Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"the body is not UTF-8: {error.Message}")));
        }
    }

    static RequestText TooLarge(int largest) => new("", Refusal.As(ProblemKind.TooLarge, string.Create(CultureInfo.InvariantCulture, $"a spec has at most {largest} bytes")));
}
