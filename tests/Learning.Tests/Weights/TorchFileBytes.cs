using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>PyTorch's files byte by byte, right ones and wrong ones. Texts are Latin-1: one character a byte.</summary>
static class TorchFileBytes
{
    /// <summary>Pickles of magic number, version and machine, as torch.save writes them.</summary>
    internal const string LegacyHead =
        "\u0080\u0002\u008a\u000al\u00fc\u009cF\u00f9 j\u00a8P\u0019." + "\u0080\u0002M\u00e9\u0003." + "\u0080\u0002}X\u000d\0\0\0little_endian\u0088s.";

    internal static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    internal static string Text(string text) => $"X{Number(text.Length)}{text}";

    /// <summary>Four bytes, little-endian.</summary>
    internal static string Number(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>An integer of eight bytes, so that hostile ones fit.</summary>
    internal static string Long(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return $"\u008a\u0008{Encoding.Latin1.GetString(bytes)}";
    }

    internal static string Tuple(params IEnumerable<string> items) => $"({string.Concat(items)}t";

    internal static string Storage(string key, long count, string type = "FloatStorage") =>
        $"({Text("storage")}ctorch\n{type}\n{Text(key)}{Text("cpu")}{Long(count)}tQ";

    internal static string Tensor(string storage, long offset, long[] shape, long[] strides) =>
        $"ctorch._utils\n_rebuild_tensor_v2\n({storage}{Long(offset)}{Tuple(shape.Select(Long))}{Tuple(strides.Select(Long))}\u0089{OrderedDict()}tR";

    internal static string OrderedDict() => "ccollections\nOrderedDict\n)R";

    internal static string Dict(params IEnumerable<(string Key, string Value)> entries) =>
        $"}}({string.Concat(entries.Select(entry => Text(entry.Key) + entry.Value))}u";

    internal static string Pickle(string value) => $"\u0080\u0002{value}.";

    /// <summary>A state dict of two tensors of one storage of six numbers: "a" [2,3] and "b", its second row.</summary>
    internal static string SmallDict() => Dict(("a", Tensor(Storage("0", 6), 0, [2, 3], [3, 1])), ("b", Tensor(Storage("0", 6), 3, [3], [1])));

    internal static readonly float[] Six = [1, 2, 3, 4, 5, 6];

    internal static byte[] Legacy(string root, params (string Key, float[] Values)[] storages) =>
        Legacy(root, $"]({string.Concat(storages.Select(s => Text(s.Key)))}e", storages);

    internal static byte[] Legacy(string root, string keys, params (string Key, float[] Values)[] storages)
    {
        using var file = new MemoryStream();
        file.Write(Latin(LegacyHead + Pickle(root) + Pickle(keys)));
        foreach (var (_, values) in storages)
        {
            file.Write(BitConverter.GetBytes((long)values.Length));
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return file.ToArray();
    }

    internal static byte[] SmallLegacy() => Legacy(SmallDict(), ("0", Six));

    internal static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    internal static byte[] Zip(params (string Name, byte[] Content)[] entries) => Zip(CompressionLevel.NoCompression, entries);

    internal static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }
        return file.ToArray();
    }

    internal static (string Name, byte[] Content)[] SmallEntries() =>
        [("archive/data.pkl", Latin(Pickle(SmallDict()))), ("archive/byteorder", "little"u8.ToArray()), ("archive/data/0", Bytes(Six)), ("archive/version", "3\n"u8.ToArray())];

    /// <summary>A zip that is a directory of so many empty entries, without the entries; its begin in the record for large files, or in the plain one.</summary>
    internal static byte[] ManyEntries(int count, bool large)
    {
        using var file = new MemoryStream();
        var header = Latin("PK\u0001\u0002" + new string('\0', 24) + "\u0007\0" + new string('\0', 16) + "a/00000");
        file.Write("PK\u0003\u0004"u8);
        for (var i = 0; i < count; i++) file.Write(header);
        var (end, directory) = ((ulong)file.Length, (ulong)file.Length - 4);
        if (large)
        {
            file.Write([.. Latin("PK\u0006\u0006"), .. BitConverter.GetBytes(44UL), .. new byte[12], .. BitConverter.GetBytes((ulong)count), .. BitConverter.GetBytes((ulong)count), .. BitConverter.GetBytes(directory), .. BitConverter.GetBytes(4UL)]);
            file.Write([.. Latin("PK\u0006\u0007"), .. new byte[4], .. BitConverter.GetBytes(end), .. BitConverter.GetBytes(1)]);
        }
        var number = BitConverter.GetBytes(large ? ushort.MaxValue : (ushort)count);
        file.Write([.. Latin("PK\u0005\u0006"), .. new byte[4], .. number, .. number, .. BitConverter.GetBytes((uint)directory), .. BitConverter.GetBytes(large ? uint.MaxValue : 4), 0, 0]);
        return file.ToArray();
    }
}
