namespace KdRobust.Worker.Frames;

/// <summary>Sends what is written to it as chunks. Blocks the caller, which is the device's own thread.</summary>
sealed class CheckpointSender(FramePipe pipe, long announced) : Stream
{
    readonly byte[] buffer = new byte[1 << 20];
    int filled;

    /// <summary>Bytes written so far.</summary>
    public override long Length => Position;

    public override long Position { get; set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        Position += bytes.Length;
        if (Position > announced)
            throw new InvalidOperationException($"a checkpoint announced as {announced} bytes has more");
        while (!bytes.IsEmpty)
        {
            var part = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..part].CopyTo(buffer.AsSpan(filled));
            bytes = bytes[part..];
            filled += part;
            if (filled == buffer.Length)
                SendChunk();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Sends what is left and the end.</summary>
    internal void Complete()
    {
        if (Position != announced)
            throw new InvalidOperationException($"a checkpoint announced as {announced} bytes has {Position}");
        if (filled > 0)
            SendChunk();
        pipe.Send(new CheckpointEnd()).AsTask().GetAwaiter().GetResult();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    void SendChunk()
    {
        pipe.Send(new CheckpointChunk(filled), buffer.AsMemory(0, filled)).AsTask().GetAwaiter().GetResult();
        filled = 0;
    }
}

/// <summary>The run process failed while it wrote a checkpoint.</summary>
sealed class CheckpointBrokenOffException(FailedFrame failed) : Exception(failed.Failure.Message)
{
    internal FailedFrame Failed { get; } = failed;
}

/// <summary>The bytes of the checkpoint that was just announced, as they come in.</summary>
sealed class CheckpointReceiver(FramePipe pipe) : Stream
{
    int left;
    bool ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="CheckpointBrokenOffException">The run failed in the middle.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (left == 0)
        {
            if (ended || buffer.IsEmpty)
                return 0;
            switch (await pipe.Receive(cancellationToken))
            {
                case CheckpointChunk chunk:
                    left = chunk.Length;
                    break;
                case CheckpointEnd:
                    ended = true;
                    break;
                case FailedFrame failed:
                    throw new CheckpointBrokenOffException(failed);
                case var other:
                    throw new InvalidDataException($"{other?.GetType().Name ?? "the end"} in the middle of a checkpoint");
            }
        }
        var read = await pipe.ReceiveBytes(buffer[..Math.Min(buffer.Length, left)], cancellationToken);
        left -= read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
