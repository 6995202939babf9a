using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>
/// Writes tensors as a safetensors file. The bytes depend on names, values and metadata alone: tensors go widest
/// element first and then by name, so that data stays aligned, and the header is padded to eight bytes.
/// </summary>
internal sealed class SafetensorsWriter
{
    const int Alignment = 8;
    readonly IReadOnlyList<(TensorEntry Entry, Tensor Tensor)> _tensors;
    readonly byte[] _header;

    /// <param name="tensors">Name to tensor (float32, float16, bfloat16, int64 or uint8, any device). They are read when written, not now.</param>
    /// <param name="metadata">Free texts, stored under <c>__metadata__</c>.</param>
    /// <exception cref="ArgumentException">Another element type, or a name that is reserved.</exception>
    public SafetensorsWriter(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var placed = new List<(TensorEntry, Tensor)>();
        var next = 0L;
        foreach (var (name, tensor) in tensors
                     .OrderByDescending(t => TensorEntry.SizeOf(TypeOf(t.Key, t.Value)))
                     .ThenBy(t => t.Key, StringComparer.Ordinal))
        {
            if (name == SafetensorsHeader.MetadataKey) throw new ArgumentException($"'{name}' is reserved", nameof(tensors));
            var type = TypeOf(name, tensor);
            var bytes = TensorEntry.BytesOf(type, tensor.shape)!.Value;
            placed.Add((new TensorEntry(name, type, tensor.shape, next, bytes), tensor));
            next += bytes;
        }
        _tensors = placed;
        _header = HeaderOf(placed.Select(p => p.Item1), metadata);
        Length = 8 + _header.Length + next;
    }

    /// <summary>Bytes that <see cref="WriteTo"/> writes.</summary>
    public long Length { get; }

    /// <summary>Writes the file; constant memory beside one tensor that has to be brought to the host.</summary>
    public void WriteTo(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)_header.Length);
        stream.Write(prefix);
        stream.Write(_header);
        foreach (var (entry, tensor) in _tensors)
        {
            if (entry.Bytes == 0) continue;
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            stream.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    static byte[] HeaderOf(IEnumerable<TensorEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach (var (key, text) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, text);
                json.WriteEndObject();
            }
            foreach (var entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Type.ToString());
                WriteNumbers(json, "shape", entry.Shape);
                WriteNumbers(json, "data_offsets", [entry.Begin, entry.Begin + entry.Bytes]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % Alignment != 0) buffer.WriteByte((byte)' ');
        return buffer.Length <= SafetensorsHeader.MaximumBytes
            ? buffer.ToArray()
            : throw new InvalidOperationException($"the header takes {buffer.Length} bytes; the reader takes at most {SafetensorsHeader.MaximumBytes}");
    }

    static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    static ElementType TypeOf(string name, Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => ElementType.F32,
        ScalarType.Int64 => ElementType.I64,
        ScalarType.Byte => ElementType.U8,
        ScalarType.Float16 => ElementType.F16,
        ScalarType.BFloat16 => ElementType.BF16,
        var other => throw new ArgumentException($"'{name}' is of type {other}; expected Float32, Float16, BFloat16, Int64 or Byte", nameof(tensor)),
    };
}
