using System.Text.Json;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Weights;

/// <summary>
/// The header of a safetensors file (github.com/huggingface/safetensors): 8 bytes of length, little-endian, then a JSON
/// object of name to dtype, shape and data offsets, then the data without holes. Everything is checked before a byte of
/// data is believed.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyList<TensorEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Longest header read; thirty times that of a network with a thousand tensors.</summary>
    public const int MaximumBytes = 4 << 20;
    public const string MetadataKey = "__metadata__";
    const int MaximumRank = 8;

    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Reads the JSON of a header.</summary>
    /// <param name="json">The JSON text, UTF-8.</param>
    /// <param name="dataBytes">Bytes that follow the header in the file.</param>
    /// <param name="path">Named in errors.</param>
    /// <exception cref="RunInputException">Malformed; says where.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes, string path)
    {
        RunInputException Bad(string what, Exception? inner = null) => new($"{path}: not a valid safetensors file: {what}", inner);

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Strict);
        }
        catch (JsonException e)
        {
            throw Bad($"the header is not the JSON expected: {e.Message}", e);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Bad("the header is not a JSON object");
            var entries = new List<TensorEntry>();
            var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataKey)) ReadMetadata(property.Value, metadata, Bad);
                else entries.Add(ReadEntry(property.Name, property.Value, Bad));
            }
            CheckPlacement(entries, dataBytes, Bad);
            return new SafetensorsHeader(entries, metadata);
        }
    }

    static void ReadMetadata(JsonElement value, SortedDictionary<string, string> metadata, Func<string, Exception?, Exception> bad)
    {
        if (value.ValueKind != JsonValueKind.Object) throw bad($"{MetadataKey} is not an object", null);
        foreach (var item in value.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String) throw bad($"{MetadataKey}.{item.Name} is not a text", null);
            metadata.Add(item.Name, item.Value.GetString()!);
        }
    }

    static TensorEntry ReadEntry(string name, JsonElement value, Func<string, Exception?, Exception> bad)
    {
        if (value.ValueKind != JsonValueKind.Object) throw bad($"'{name}' is not an object", null);
        ElementType? type = null;
        long[]? shape = null, offsets = null;
        foreach (var field in value.EnumerateObject())
        {
            switch (field.Name)
            {
                case "dtype":
                    type = field.Value.ValueKind == JsonValueKind.String && TypeOf(field.Value.GetString()!) is { } known
                        ? known
                        : throw bad($"'{name}' has dtype {field.Value.GetRawText()}; expected {string.Join(", ", Enum.GetNames<ElementType>())}", null);
                    break;
                case "shape":
                    shape = Numbers(field.Value) ?? throw bad($"'{name}' has a shape that is not a list of sizes", null);
                    break;
                case "data_offsets":
                    offsets = Numbers(field.Value) ?? throw bad($"'{name}' has data_offsets that are not two positions", null);
                    break;
                default:
                    throw bad($"'{name}' has a field '{field.Name}'; expected dtype, shape and data_offsets", null);
            }
        }
        if (type is null || shape is null || offsets is null) throw bad($"'{name}' lacks one of dtype, shape and data_offsets", null);
        if (shape.Length > MaximumRank) throw bad($"'{name}' has {shape.Length} dimensions; expected at most {MaximumRank}", null);
        if (offsets.Length != 2 || offsets[1] < offsets[0]) throw bad($"'{name}' has data_offsets [{string.Join(", ", offsets)}]; expected [begin, end]", null);
        var bytes = TensorEntry.BytesOf(type.Value, shape);
        return bytes == offsets[1] - offsets[0]
            ? new TensorEntry(name, type.Value, shape, offsets[0], bytes.Value)
            : throw bad($"'{name}' spans {offsets[1] - offsets[0]} bytes, but {type} [{string.Join(", ", shape)}] needs {bytes?.ToString() ?? "more than can be counted"}", null);
    }

    // Tensors cover the data exactly: neither overlap nor hole, so no byte has two meanings and none is hidden.
    static void CheckPlacement(List<TensorEntry> entries, long dataBytes, Func<string, Exception?, Exception> bad)
    {
        var next = 0L;
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.Bytes))
        {
            if (entry.Begin != next) throw bad($"'{entry.Name}' begins at byte {entry.Begin} of the data; expected {next}", null);
            next += entry.Bytes;
            if (next > dataBytes) throw bad($"'{entry.Name}' ends at byte {next} of the data, but the file holds {dataBytes}: cut short?", null);
        }
        if (next != dataBytes) throw bad($"{dataBytes - next} bytes follow the last tensor", null);
    }

    // Never by Enum.TryParse alone: that reads numbers and lower case, too.
    static ElementType? TypeOf(string dtype) =>
        Enum.GetNames<ElementType>().Contains(dtype, StringComparer.Ordinal) ? Enum.Parse<ElementType>(dtype) : null;

    static long[]? Numbers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return null;
        var numbers = new long[value.GetArrayLength()];
        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i] < 0) return null;
            i++;
        }
        return numbers;
    }
}
