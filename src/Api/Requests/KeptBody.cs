namespace KdRobust.Api.Requests;

/// <summary>An answer on its way to the client that is copied as long as it is small; or held back, until its end or until it is not small any more.</summary>
/// <param name="client">Where it goes.</param>
/// <param name="most">Longest copy, in bytes.</param>
/// <param name="holdBack">True to send nothing before <see cref="Release"/> as long as the copy suffices.</param>
sealed class KeptBody(Stream client, int most, bool holdBack) : Stream
{
    readonly MemoryStream copy = new();

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>True as long as all of it is in the copy.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>What was written, while <see cref="IsWhole"/>.</summary>
    public ReadOnlyMemory<byte> Copy => copy.GetBuffer().AsMemory(0, (int)copy.Length);

    /// <summary>Sends what was held back.</summary>
    public async Task Release(CancellationToken ct)
    {
        if (holdBack && IsWhole) await client.WriteAsync(Copy, ct);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsWhole && copy.Length + buffer.Length > most)
        {
            await Release(cancellationToken);
            IsWhole = false;
            copy.SetLength(0);
        }
        if (IsWhole) copy.Write(buffer.Span);
        if (!IsWhole || !holdBack) await client.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => IsWhole && holdBack ? Task.CompletedTask : client.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush()
    {
        // Whoever writes here flushes asynchronously; this is what disposing does, when all is written.
    }
}
