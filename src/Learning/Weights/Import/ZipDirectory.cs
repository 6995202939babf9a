using System.Buffers.Binary;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// How long a zip's directory of entries is, read before anything makes an object of each entry: a gigabyte may hold twenty
/// million empty ones.
/// </summary>
internal static class ZipDirectory
{
    const int EndBytes = 22, LocatorBytes = 20, LongEndBytes = 56, LongestComment = ushort.MaxValue;
    static ReadOnlySpan<byte> End => "PK\u0005\u0006"u8;
    static ReadOnlySpan<byte> Locator => "PK\u0006\u0007"u8;
    static ReadOnlySpan<byte> LongEnd => "PK\u0006\u0006"u8;

    /// <summary>Bytes from the begin of the directory to the end of the file: no reader of entries comes further.</summary>
    /// <returns>Null when the end of no zip is there.</returns>
    public static long? Bytes(FileStream stream)
    {
        var tail = new byte[Math.Min(stream.Length, EndBytes + LongestComment)];
        stream.Position = stream.Length - tail.Length;
        stream.ReadExactly(tail);
        // The last one counts, as for whoever reads the entries.
        var at = tail.AsSpan().LastIndexOf(End);
        if (at < 0 || tail.Length - at < EndBytes) return null;
        var end = tail.AsSpan(at);
        ulong begin = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (begin == uint.MaxValue && LongBegin(stream, stream.Length - tail.Length + at) is { } far) begin = far;
        return begin <= (ulong)stream.Length ? stream.Length - (long)begin : null;
    }

    // Where the record for large files is, is said right before the end.
    static ulong? LongBegin(FileStream stream, long end)
    {
        Span<byte> record = stackalloc byte[LongEndBytes];
        if (!Read(stream, end - LocatorBytes, record[..LocatorBytes]) || !record.StartsWith(Locator)) return null;
        var at = BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
        return Read(stream, at, record) && record.StartsWith(LongEnd) ? BinaryPrimitives.ReadUInt64LittleEndian(record[48..]) : null;
    }

    static bool Read(FileStream stream, long at, Span<byte> into)
    {
        if (at < 0 || at > stream.Length - into.Length) return false;
        stream.Position = at;
        stream.ReadExactly(into);
        return true;
    }
}
