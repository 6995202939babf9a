using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace KdRobust.Cli.Client;

/// <summary>
/// A file on its way to the service: exactly the bytes it had when it was opened, hashed as they go. A file that changes its
/// length meanwhile breaks the request off, so that nothing half-read is stored.
/// </summary>
sealed class FileUpload : HttpContent
{
    const int Block = 1 << 18;

    readonly Stream file;
    readonly Action<long> sent;
    readonly long length;

    /// <param name="file">Where the bytes come from; it can seek.</param>
    /// <param name="sent">Told, after each block, how many bytes are gone.</param>
    public FileUpload(Stream file, Action<long> sent)
    {
        (this.file, this.sent, length) = (file, sent, file.Length);
        Headers.ContentType = new("application/octet-stream");
    }

    /// <summary>SHA-256 of what was sent, lower-case hex; null before the end.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>What went wrong with the file itself; null when nothing did.</summary>
    public string? Problem { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = this.length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        file.Position = 0; // A request that found its connection closed is sent once more.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Block];
        var done = 0L;
        while (await Read(buffer, cancellationToken) is var read and > 0)
        {
            done += read;
            if (done > length) break;
            hash.AppendData(buffer, 0, read);
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            sent(done);
        }
        if (done != length)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"the file had {length} bytes and {(done < length ? $"ended after {done}" : "grew")} while it was read: send it when nobody writes it"));
        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    async Task<int> Read(byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await file.ReadAsync(buffer, ct);
        }
        catch (IOException error)
        {
            throw Broken($"the file cannot be read: {error.Message}");
        }
    }

    IOException Broken(string what) => new(Problem = what);
}
