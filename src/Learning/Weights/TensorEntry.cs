namespace KdRobust.Learning.Weights;

/// <summary>Element types of the files we read and write.</summary>
internal enum ElementType { F32, I64, U8 }

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, each at least 0; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="Bytes">Length in bytes.</param>
internal sealed record TensorEntry(string Name, ElementType Type, IReadOnlyList<long> Shape, long Begin, long Bytes)
{
    public static int SizeOf(ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.I64 => 8,
        ElementType.U8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };

    /// <summary>Bytes of a tensor of <paramref name="shape"/>, or null when the number does not fit.</summary>
    public static long? BytesOf(ElementType type, IReadOnlyList<long> shape)
    {
        Int128 bytes = SizeOf(type);
        foreach (var size in shape)
        {
            bytes *= size;
            if (bytes > long.MaxValue) return null;
        }
        return (long)bytes;
    }
}
