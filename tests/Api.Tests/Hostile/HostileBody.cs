using System.IO.Compression;
using System.Text;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>How a body goes out: whole or cut, in the right encoding or another, under the right name or another.</summary>
static class HostileBody
{
    static readonly string[] Types =
    [
        "text/plain", "application/xml", "application/json; charset=utf-16", "application/json; charset=no-such-charset", "application/json; charset=utf-7", "application/json; charset=", "application/problem+json",
        "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/octet-stream; a=b", "json", "application/json;;;", "",
    ];

    /// <summary>The content of a request.</summary>
    public static HttpContent Of(byte[] bytes, string type, Random random)
    {
        var encoding = (string?)null;
        switch (random.Next(12))
        {
            case 0: bytes = bytes[..random.Next(bytes.Length + 1)]; break;
            case 1: bytes = [.. bytes, .. "{}\0"u8]; break;
            case 2: bytes = Compressed(bytes, stream => new GZipStream(stream, CompressionLevel.Fastest)); encoding = "gzip"; break;
            case 3: bytes = Compressed(bytes, stream => new ZLibStream(stream, CompressionLevel.Fastest)); encoding = random.Next(2) == 0 ? "deflate" : null; break;
            case 4: bytes = Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(bytes)); break;
            case 5: bytes = [0xEF, 0xBB, 0xBF, .. bytes]; break;
            case 6: bytes = Spoiled(bytes, random); break;
        }
        var content = new ByteArrayContent(bytes);
        if (random.Next(8) == 0) type = Types[random.Next(Types.Length)];
        if (type.Length > 0) content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (random.Next(16) == 0) encoding = random.Next(2) == 0 ? "br" : "x-unknown, gzip";
        if (encoding is not null) content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return content;
    }

    /// <summary>Bytes that unpack to others.</summary>
    public static byte[] Compressed(byte[] bytes, Func<Stream, Stream> with)
    {
        using var packed = new MemoryStream();
        using (var stream = with(packed)) stream.Write(bytes);
        return packed.ToArray();
    }

    // Bytes that are no UTF-8, wherever they fall.
    static byte[] Spoiled(byte[] bytes, Random random)
    {
        var spoiled = bytes.ToArray();
        for (var i = 0; spoiled.Length > 0 && i < 3; i++) spoiled[random.Next(spoiled.Length)] = (byte)random.Next(0x80, 0x100);
        return spoiled;
    }

    /// <summary>A body of JSON as it should be sent, with this content type and encoding.</summary>
    public static ByteArrayContent As(byte[] bytes, string type, string? encoding)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return content;
    }
}
