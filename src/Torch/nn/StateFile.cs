using System.Text;

namespace TorchSharp;

/// <summary>
/// TorchSharp's state file: the number of entries; per entry its key (length, UTF-8) and a tensor (element type,
/// rank, sizes, then the bytes of the contiguous tensor, little endian). All counts are unsigned LEB128.
/// </summary>
internal static class StateFile
{
    // Above these a file is damaged or hostile: refused before anything is allocated.
    private const int MaximumEntries = 1_000_000;
    private const int MaximumRank = 64;
    private const int MaximumKeyBytes = 65_536;

    /// <summary>Writes the entries in the order given.</summary>
    internal static void Write(Stream stream, IReadOnlyCollection<KeyValuePair<string, torch.Tensor>> entries)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write7BitEncodedInt64(entries.Count);
        foreach (var (key, tensor) in entries)
        {
            writer.Write(key);
            WriteTensor(writer, tensor);
        }
    }

    /// <summary>Reads all entries into new CPU tensors, which belong to the caller's dispose scope.</summary>
    /// <param name="stream">Read from its present position.</param>
    /// <param name="source">What to call the stream in an error.</param>
    /// <exception cref="InvalidDataException">With the entry and the offset.</exception>
    internal static Dictionary<string, torch.Tensor> Read(Stream stream, string source)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        var entries = new Dictionary<string, torch.Tensor>();
        var at = "the number of entries";
        try
        {
            var count = reader.Read7BitEncodedInt64();
            if (count is < 0 or > MaximumEntries)
                throw new InvalidDataException($"{count} entries");
            for (var i = 0L; i < count; i++)
            {
                at = $"the key of entry {i}";
                var key = ReadKey(reader);
                at = $"'{key}'";
                if (!entries.TryAdd(key, ReadTensor(reader)))
                    throw new InvalidDataException("the key occurs twice");
            }
            return entries;
        }
        catch (Exception error) when (error is EndOfStreamException or InvalidDataException or FormatException)
        {
            foreach (var tensor in entries.Values)
                tensor.Dispose();
            var offset = stream.CanSeek ? $" near byte {stream.Position}" : "";
            var reason = error is EndOfStreamException ? "the data ends too early" : error.Message;
            throw new InvalidDataException($"{source} is not a whole state file: at {at}{offset}: {reason}.", error);
        }
    }

    /// <summary>Writes type, sizes and bytes of one tensor.</summary>
    internal static void WriteTensor(BinaryWriter writer, torch.Tensor tensor)
    {
        writer.Write7BitEncodedInt64((long)tensor.dtype);
        var shape = tensor.shape;
        writer.Write7BitEncodedInt64(shape.Length);
        foreach (var size in shape)
            writer.Write7BitEncodedInt64(size);
        if (tensor.numel() == 0)
            return;
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        writer.Write(tensor.detach().cpu().contiguous().bytes);
    }

    /// <summary>Reads one tensor onto the CPU.</summary>
    internal static torch.Tensor ReadTensor(BinaryReader reader)
    {
        var (type, shape) = ReadHeader(reader);
        var tensor = torch.empty(shape, type, torch.CPU);
        if (tensor.numel() > 0)
            reader.BaseStream.ReadExactly(tensor.bytes);
        return tensor;
    }

    /// <summary>Reads type and sizes, leaving the reader at the first byte of data.</summary>
    internal static (torch.ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        var code = reader.Read7BitEncodedInt64();
        var type = (torch.ScalarType)code;
        if (code is < 0 or > sbyte.MaxValue || !Enum.IsDefined(type))
            throw new InvalidDataException($"unknown element type {code}");
        var rank = reader.Read7BitEncodedInt64();
        if (rank is < 0 or > MaximumRank)
            throw new InvalidDataException($"rank {rank} is above {MaximumRank}");
        var shape = new long[rank];
        for (var i = 0; i < shape.Length; i++)
            shape[i] = reader.Read7BitEncodedInt64();

        var bytes = (Int128)ByteSize(type);
        foreach (var size in shape)
        {
            if (size < 0)
                throw new InvalidDataException($"size {size} in [{string.Join(", ", shape)}]");
            bytes *= size;
            if (bytes > int.MaxValue)
                throw new InvalidDataException($"[{string.Join(", ", shape)}] of {type} is above 2 GiB");
        }
        var stream = reader.BaseStream;
        if (stream.CanSeek && bytes > stream.Length - stream.Position)
            throw new EndOfStreamException();
        return (type, shape);
    }

    private static string ReadKey(BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        if (length is < 0 or > MaximumKeyBytes)
            throw new InvalidDataException($"a key of {length} bytes");
        var bytes = reader.ReadBytes(length);
        return bytes.Length == length ? Encoding.UTF8.GetString(bytes) : throw new EndOfStreamException();
    }

    private static int ByteSize(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Byte or torch.ScalarType.Int8 or torch.ScalarType.Bool => 1,
        torch.ScalarType.Int16 or torch.ScalarType.Float16 or torch.ScalarType.BFloat16 => 2,
        torch.ScalarType.Int32 or torch.ScalarType.Float32 => 4,
        torch.ScalarType.Int64 or torch.ScalarType.Float64 => 8,
        _ => throw new InvalidDataException($"element type {type} is not supported in a state file"),
    };
}
