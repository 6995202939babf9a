namespace KdRobust.Worker.Frames;

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
