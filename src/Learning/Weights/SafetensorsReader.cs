using System.Buffers.Binary;
using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>Reads a safetensors file; tensors are read one at a time, when asked for.</summary>
internal sealed class SafetensorsReader : IDisposable
{
    const int LengthBytes = 8;
    readonly FileStream _stream;
    readonly long _data;
    readonly Dictionary<string, TensorEntry> _entries;

    SafetensorsReader(FileStream stream, SafetensorsHeader header, long data)
    {
        _stream = stream;
        _data = data;
        Header = header;
        _entries = header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    public SafetensorsHeader Header { get; }

    public string Path => _stream.Name;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="RunInputException">Not there, not readable, or malformed; names the file and what is wrong.</exception>
    public static SafetensorsReader Open(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunInputException($"{path}: cannot be opened: {e.Message}", e);
        }
        try
        {
            var (header, data) = ReadHeader(stream, path);
            return new SafetensorsReader(stream, header, data);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    static (SafetensorsHeader Header, long Data) ReadHeader(FileStream stream, string path)
    {
        if (stream.Length < LengthBytes)
            throw new RunInputException($"{path}: not a valid safetensors file: {stream.Length} bytes, and the length of the header alone takes {LengthBytes}");
        Span<byte> prefix = stackalloc byte[LengthBytes];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        var limit = Math.Min(SafetensorsHeader.MaximumBytes, stream.Length - LengthBytes);
        if (length > (ulong)limit)
            throw new RunInputException($"{path}: not a valid safetensors file: it announces a header of {length} bytes; at most {limit} are possible here");
        var json = new byte[(int)length];
        stream.ReadExactly(json);
        var data = LengthBytes + (long)length;
        return (SafetensorsHeader.Parse(json, stream.Length - data, path), data);
    }

    /// <summary>The entry of that name, or null.</summary>
    public TensorEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>The tensor of that name in host memory, in the current dispose scope.</summary>
    /// <exception cref="RunInputException">There is none.</exception>
    public Tensor Load(string name)
    {
        var entry = Find(name) ?? throw new RunInputException($"{Path}: no tensor '{name}'; it holds {Names(_entries.Keys)}");
        var tensor = empty([.. entry.Shape], DtypeOf(entry.Type), CPU);
        if (entry.Bytes == 0) return tensor;
        _stream.Position = _data + entry.Begin;
        _stream.ReadExactly(tensor.bytes);
        return tensor;
    }

    /// <summary>Writes the bytes of the tensor of that name as they are stored, little-endian in C order; constant memory.</summary>
    public void CopyTo(string name, Stream destination)
    {
        var entry = Find(name) ?? throw new RunInputException($"{Path}: no tensor '{name}'; it holds {Names(_entries.Keys)}");
        _stream.Position = _data + entry.Begin;
        var buffer = new byte[Math.Min(entry.Bytes, 1 << 20)];
        for (var left = entry.Bytes; left > 0; left -= Math.Min(left, buffer.Length))
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            _stream.ReadExactly(part);
            destination.Write(part);
        }
    }

    public void Dispose() => _stream.Dispose();

    internal static ScalarType DtypeOf(ElementType type) => type switch
    {
        ElementType.F32 => ScalarType.Float32,
        ElementType.F64 => ScalarType.Float64,
        ElementType.F16 => ScalarType.Float16,
        ElementType.BF16 => ScalarType.BFloat16,
        ElementType.I64 => ScalarType.Int64,
        ElementType.I32 => ScalarType.Int32,
        ElementType.I16 => ScalarType.Int16,
        ElementType.I8 => ScalarType.Int8,
        ElementType.U8 => ScalarType.Byte,
        ElementType.BOOL => ScalarType.Bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };

    static string Names(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? "none" : string.Join(", ", names.Take(8)) + (names.Count > 8 ? $" and {names.Count - 8} more" : "");
}
