namespace KdRobust.Learning.Weights;

/// <summary>Element types of the files we read, by safetensors' names; what is stored of ours is F32, I64 and U8.</summary>
internal enum ElementType { F32, I64, U8, F64, F16, BF16, I32, I16, I8, BOOL }

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
        ElementType.I64 or ElementType.F64 => 8,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 => 2,
        ElementType.U8 or ElementType.I8 or ElementType.BOOL => 1,
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
