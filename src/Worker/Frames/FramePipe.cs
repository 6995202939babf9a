using System.Buffers.Binary;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Worker.Frames;

/// <summary>Frames over a pair of streams. Any number of threads may send; one receives.</summary>
sealed class FramePipe(Stream from, Stream to)
{
    /// <summary>The largest header that is believed: a result or a batch of metrics has far less.</summary>
    const int LongestHeader = 16 << 20;

    readonly SemaphoreSlim sending = new(1, 1);
    readonly byte[] length = new byte[sizeof(int)];

    /// <summary>Sends a frame and, for a chunk, its bytes.</summary>
    internal async ValueTask Send(Frame frame, ReadOnlyMemory<byte> bytes = default, CancellationToken ct = default)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(frame, SpecJson.Options);
        var message = new byte[sizeof(int) + header.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, header.Length);
        header.CopyTo(message, sizeof(int));
        await sending.WaitAsync(ct);
        try
        {
            await to.WriteAsync(message, ct);
            if (!bytes.IsEmpty)
                await to.WriteAsync(bytes, ct);
            await to.FlushAsync(ct);
        }
        finally
        {
            sending.Release();
        }
    }

    /// <summary>The next frame; null when the other side has closed its end between two frames.</summary>
    /// <exception cref="InvalidDataException">What came is no frame of this build.</exception>
    /// <exception cref="EndOfStreamException">The other side ended in the middle of a frame.</exception>
    internal async ValueTask<Frame?> Receive(CancellationToken ct = default)
    {
        var first = await from.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false, ct);
        if (first == 0)
            return null;
        if (first < length.Length)
            throw new EndOfStreamException("the other process ended in the middle of a frame");
        var size = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (size is < 2 or > LongestHeader)
            throw new InvalidDataException($"a frame's header of {size} bytes: expected 2 to {LongestHeader}");
        var header = new byte[size];
        await from.ReadExactlyAsync(header, ct);
        try
        {
            return JsonSerializer.Deserialize<Frame>(header, SpecJson.Options) ?? throw new InvalidDataException("a frame that is null");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"not a frame of this build: {error.Message}", error);
        }
    }

    /// <summary>Bytes of the chunk that was announced last: call until all are read.</summary>
    internal async ValueTask<int> ReceiveBytes(Memory<byte> buffer, CancellationToken ct = default)
    {
        var read = await from.ReadAsync(buffer, ct);
        return read > 0 || buffer.IsEmpty ? read : throw new EndOfStreamException("the other process ended in the middle of a checkpoint");
    }
}
