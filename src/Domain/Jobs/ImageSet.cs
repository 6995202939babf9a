using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Jobs;

/// <summary>A set of image indices 0..N-1, one bit an image; written as base64, so that results of two views can be compared image by image.</summary>
[JsonConverter(typeof(ImageSetConverter))]
public sealed class ImageSet : IEquatable<ImageSet>
{
    readonly byte[] _bits;

    ImageSet(byte[] bits)
    {
        _bits = bits;
        Count = bits.Sum(b => BitOperations.PopCount(b));
    }

    /// <summary>Images in the set.</summary>
    public int Count { get; }

    /// <summary>The set of the images whose entry is true.</summary>
    public static ImageSet Of(ReadOnlySpan<bool> images)
    {
        var bits = new byte[(images.Length + 7) / 8];
        for (var i = 0; i < images.Length; i++)
            if (images[i]) bits[i / 8] |= (byte)(1 << (i % 8));
        return new(bits);
    }

    /// <summary>The first <paramref name="count"/> images of <paramref name="images"/>.</summary>
    public static ImageSet FirstOf(int count, int images) => Of([.. Enumerable.Range(0, images).Select(i => i < count)]);

    /// <summary>True when image <paramref name="index"/> is in the set.</summary>
    public bool Contains(int index) => index / 8 < _bits.Length && (_bits[index / 8] & (1 << (index % 8))) != 0;

    /// <summary>Images of this set that are not in the other.</summary>
    public int CountWithout(ImageSet other)
    {
        var count = 0;
        for (var i = 0; i < _bits.Length; i++)
            count += BitOperations.PopCount((uint)(_bits[i] & ~(i < other._bits.Length ? other._bits[i] : 0)));
        return count;
    }

    /// <inheritdoc/>
    public bool Equals(ImageSet? other) => other is not null && _bits.AsSpan().SequenceEqual(other._bits);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ImageSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bits);
        return hash.ToHashCode();
    }

    sealed class ImageSetConverter : JsonConverter<ImageSet>
    {
        public override ImageSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetBytesFromBase64());

        public override void Write(Utf8JsonWriter writer, ImageSet value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value._bits);
    }
}
