namespace KdRobust.Learning.Weights.Export;

/// <summary>The checksum of zip files (CRC-32 of ISO 3309, reflected polynomial EDB88320), of what is written to it.</summary>
internal sealed class Crc32 : Stream
{
    static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];
    uint _state = uint.MaxValue;

    /// <summary>Of all bytes so far.</summary>
    public uint Value => ~_state;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var state = _state;
        foreach (var value in buffer) state = Table[(byte)(state ^ value)] ^ (state >> 8);
        _state = state;
    }

    static uint Entry(int index)
    {
        var entry = (uint)index;
        for (var bit = 0; bit < 8; bit++) entry = (entry & 1) != 0 ? 0xEDB88320 ^ (entry >> 1) : entry >> 1;
        return entry;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
