using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    public static string Of<T>(T value) => Write(JsonSerializer.SerializeToNode(value, Options));

    /// <summary>Lower-case hex SHA-256 of the canonical text.</summary>
    public static string Sha256Of<T>(T value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Of(value))));

    static string Write(JsonNode? node)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = SpecJson.Options.Encoder }))
            Write(node, writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    static void Write(JsonNode? node, Utf8JsonWriter writer)
    {
        switch (node)
        {
            case JsonObject fields:
                writer.WriteStartObject();
                foreach (var (name, value) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items) Write(item, writer);
                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer, Options);
                break;
        }
    }

    sealed class FractionAsNumber : System.Text.Json.Serialization.JsonConverter<Fraction>
    {
        public override Fraction Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Fraction.Of(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, Fraction value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
