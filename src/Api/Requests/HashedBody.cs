using System.Security.Cryptography;

namespace KdRobust.Api.Requests;

/// <summary>A request's body that is hashed as it is read.</summary>
sealed class HashedBody(Stream body) : Stream
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Bytes read so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>SHA-256 of what was read so far.</summary>
    public byte[] Hash() => hash.GetCurrentHash();

    /// <summary>Reads what is left.</summary>
    /// <returns>False when there is more than <paramref name="most"/> bytes of it.</returns>
    public async Task<bool> Drain(long most, CancellationToken ct)
    {
        var buffer = new byte[64 << 10];
        for (var left = most; left >= 0;)
        {
            var read = await ReadAsync(buffer, ct);
            if (read == 0) return true;
            left -= read;
        }
        return false;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        hash.AppendData(buffer.Span[..read]);
        Bytes += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }
}
