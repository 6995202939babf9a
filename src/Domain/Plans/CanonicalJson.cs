using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Plans;

/// <summary>
/// One byte sequence per value: fields sorted by name, no spaces, numbers in shortest round-trip form, quotients as the
/// number they are. Two specs that mean the same have the same bytes.
/// </summary>
public static class CanonicalJson
{
    // A fraction's text is how it was written; its value is what it means.
    static readonly JsonSerializerOptions Options = new(SpecJson.Options)
    {
        Converters = { new FractionAsNumber() },
    };

    /// <summary>The canonical text of a value.</summary>
    public static string Of<T>(T value) => Encoding.UTF8.GetString(Bytes(value).Span);

    /// <summary>Lower-case hex SHA-256 of the canonical text.</summary>
    public static string Sha256Of<T>(T value) => Convert.ToHexStringLower(SHA256.HashData(Bytes(value).Span));

    static ReadOnlyMemory<byte> Bytes<T>(T value)
    {
        using var document = JsonSerializer.SerializeToDocument(value, Options);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = SpecJson.Options.Encoder }))
            Write(document.RootElement, writer);
        return buffer.WrittenMemory;
    }

    static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var field in Sorted(element))
                {
                    writer.WritePropertyName(field.Name);
                    Write(field.Value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) Write(item, writer);
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    static List<(string Name, JsonElement Value)> Sorted(JsonElement element)
    {
        var fields = new List<(string Name, JsonElement Value)>();
        foreach (var field in element.EnumerateObject()) fields.Add((field.Name, field.Value));
        fields.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        return fields;
    }

    sealed class FractionAsNumber : System.Text.Json.Serialization.JsonConverter<Fraction>
    {
        public override Fraction Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Fraction.Of(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, Fraction value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
