using System.Buffers.Binary;
using System.Numerics;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Pickles;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// PyTorch's file before version 1.6 (.th, .pth, .pth.tar): five pickles one after the other (magic number, protocol
/// version, facts about the machine, the object, keys of its storages), then for each key its number of elements, 8 bytes
/// little-endian, and its bytes.
/// </summary>
internal sealed class TorchLegacyFile : TorchFile
{
    const long ProtocolVersion = 1001;
    static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);
    readonly Dictionary<string, long> _begin;

    TorchLegacyFile(FileStream stream, string path, TorchStateDict found, Dictionary<string, long> begin)
        : base(stream, path, "PyTorch legacy file", found) => _begin = begin;

    /// <summary>Reads everything but the numbers.</summary>
    /// <exception cref="RunInputException">Malformed, or cut short.</exception>
    public static TorchLegacyFile Open(FileStream stream, string path)
    {
        var bytes = new PickleStream(stream, stream.Length, path);
        var objects = new TorchObjects();
        if (new PickleReader(bytes, objects).Read() is not BigInteger magic || magic != Magic)
            throw bytes.Bad("a pickle, but not with the magic number of a PyTorch file: it was not written by torch.save");
        if (new PickleReader(bytes, objects).Read() is not ProtocolVersion) throw bytes.Bad($"its version is not {ProtocolVersion}");
        if (new PickleReader(bytes, objects).Read() is not PickleDict machine || (machine.TryGet("little_endian", out var little) && little is not true))
            throw bytes.Bad("it was written on a big-endian machine, or does not say on which");
        var root = new PickleReader(bytes, objects).Read();
        var begin = Storages(stream, bytes, Keys(new PickleReader(bytes, objects).Read(), bytes), objects);
        var found = TorchStateDict.Find(root, path, stream.Length);
        foreach (var (name, tensor) in found.Tensors)
            if (!begin.ContainsKey(tensor.Storage.Key)) throw bytes.Bad($"'{name}' needs storage '{tensor.Storage.Key}', which is not among its storages");
        return new TorchLegacyFile(stream, path, found, begin);
    }

    static List<string> Keys(object? value, PickleStream bytes)
    {
        if (value is not PickleList list) throw bytes.Bad($"the keys of its storages are {PickleDescription.Of(value)}, expected a list");
        var keys = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            if (item is not string key || !known.Add(key)) throw bytes.Bad("the keys of its storages are not different texts");
            keys.Add(key);
        }
        return keys;
    }

    // Where each storage begins. They follow each other without a gap and end with the file.
    static Dictionary<string, long> Storages(FileStream stream, PickleStream bytes, List<string> keys, TorchObjects objects)
    {
        var begin = new Dictionary<string, long>(StringComparer.Ordinal);
        var at = bytes.Position;
        Span<byte> prefix = stackalloc byte[sizeof(long)];
        foreach (var key in keys)
        {
            if (!objects.Storages.TryGetValue(key, out var storage)) throw bytes.Bad($"storage '{key}' is of a kind whose length is not known, or of no object");
            if (stream.Length - at < prefix.Length) throw bytes.Bad($"storage '{key}' would begin at byte {at}, where the file ends: cut short?");
            stream.Position = at;
            stream.ReadExactly(prefix);
            if (BinaryPrimitives.ReadInt64LittleEndian(prefix) is var count && count != storage.Count)
                throw bytes.Bad($"storage '{key}' has {count} elements at byte {at}, but {storage.Count} where it is used");
            at += prefix.Length;
            if (storage.Bytes > stream.Length - at) throw bytes.Bad($"storage '{key}' has {storage.Bytes} bytes from byte {at}, but the file ends at {stream.Length}: cut short?");
            begin.Add(key, at);
            at += storage.Bytes;
        }
        return at == stream.Length ? begin : throw bytes.Bad($"{stream.Length - at} bytes follow its last storage");
    }

    /// <inheritdoc/>
    protected override void Read(TorchStorage storage, long begin, Span<byte> into)
    {
        Stream.Position = _begin[storage.Key] + begin;
        Stream.ReadExactly(into);
    }
}
