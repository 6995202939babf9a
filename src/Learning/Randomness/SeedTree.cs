using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KdRobust.Learning.Randomness;

/// <summary>
/// Seeds by name: SHA-256 of (root, stream, path), never drawn one after another. Whoever knows what a number is for can
/// make its seed again, so a resumed run, another batch size or another shard meets the same noise.
/// </summary>
/// <param name="root">Root seed of the experiment.</param>
internal sealed class SeedTree(long root)
{
    // Enters every hash: a second way of deriving seeds would be a second version.
    static ReadOnlySpan<byte> Version => "kdr-seed-1"u8;

    /// <summary>The root that every seed depends on.</summary>
    public long Root { get; } = root;

    /// <summary>A tree of its own for a part of the work, e.g. <c>monitor</c>: same stream names, other seeds.</summary>
    public SeedTree Branch(string name) => new(Derive("branch", name, []));

    /// <summary>The seed of one use, 0 to 2^63-1.</summary>
    /// <param name="stream">What it is for.</param>
    /// <param name="path">Where it is used, e.g. epoch, layer, draw; (1, 23) and (12, 3) differ, as (1) and (1, 0) do.</param>
    public long Seed(RandomStream stream, params ReadOnlySpan<long> path) => Derive("stream", stream.Name, path);

    /// <summary>The seed of one kind of noise inside a stream, e.g. (<c>weights</c>, craft, epoch, layer, draw).</summary>
    /// <param name="kind">Keeps weight noise, input noise and dropout of the same draw apart.</param>
    /// <param name="stream">What it is for.</param>
    /// <param name="path">Where it is used.</param>
    public long Seed(string kind, RandomStream stream, params ReadOnlySpan<long> path) => Derive(kind, stream.Name, path);

    long Derive(string kind, string name, ReadOnlySpan<long> path)
    {
        Span<byte> text = stackalloc byte[512];
        var length = 0;
        Append(text, ref length, Version);
        Append(text, ref length, Root);
        Append(text, ref length, kind);
        Append(text, ref length, name);
        foreach (var number in path) Append(text, ref length, number);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], hash);
        return (long)(BinaryPrimitives.ReadUInt64LittleEndian(hash) & long.MaxValue);
    }

    // Length first: no two sequences of names and numbers are the same bytes.
    static void Append(Span<byte> text, ref int length, string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        Append(text, ref length, bytes);
        length += Encoding.UTF8.GetBytes(value, text[length..]);
    }

    static void Append(Span<byte> text, ref int length, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(text[length..], value);
        length += sizeof(long);
    }

    static void Append(Span<byte> text, ref int length, ReadOnlySpan<byte> value)
    {
        value.CopyTo(text[length..]);
        length += value.Length;
    }
}
