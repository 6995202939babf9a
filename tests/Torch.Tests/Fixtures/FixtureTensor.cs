using System.Runtime.InteropServices;
using System.Text.Json;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Fixtures;

/// <summary>A tensor as PyTorch wrote it: element type, shape and raw little-endian values in C order.</summary>
sealed record FixtureTensor(string Type, long[] Shape, byte[] Data, bool RequiresGradient)
{
    internal static FixtureTensor Read(JsonElement json) => new(
        json.GetProperty("dtype").GetString()!,
        [.. json.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
        json.GetProperty("data").GetBytesFromBase64(),
        json.TryGetProperty("grad", out var gradient) && gradient.GetBoolean());

    /// <summary>A new tensor with these values.</summary>
    internal Tensor ToTensor()
    {
        var tensor = empty(Shape, ElementType);
        tensor.bytes = Data;
        return RequiresGradient ? tensor.requires_grad_() : tensor;
    }

    ScalarType ElementType => Type switch
    {
        "uint8" => ScalarType.Byte,
        "int64" => ScalarType.Int64,
        "float16" => ScalarType.Float16,
        "bfloat16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        "float64" => ScalarType.Float64,
        "bool" => ScalarType.Bool,
        _ => throw new InvalidDataException($"dtype {Type} is not one of the fixtures'"),
    };

    /// <summary>What differs between this and a tensor of ours; null when nothing does.</summary>
    /// <param name="ours">The binding's result.</param>
    /// <param name="tolerance">Largest difference of floating-point values, relative to the larger of 1 and the value; zero asks for equal bits.</param>
    internal string? Difference(Tensor ours, double tolerance)
    {
        if (ours.dtype != ElementType)
            return $"type {ours.dtype}, PyTorch's is {Type}";
        if (!ours.shape.SequenceEqual(Shape))
            return $"shape [{string.Join(", ", ours.shape)}], PyTorch's is [{string.Join(", ", Shape)}]";
        using var plain = ours.detach().contiguous();
        var bytes = plain.cpu().bytes.ToArray();
        if (bytes.AsSpan().SequenceEqual(Data))
            return null;
        double[] mine = Values(bytes), theirs = Values(Data);
        for (var i = 0; i < mine.Length; i++)
        {
            var equal = tolerance == 0 || !IsFloating
                ? bytes.AsSpan(i * Width, Width).SequenceEqual(Data.AsSpan(i * Width, Width))
                : mine[i].Equals(theirs[i]) || Math.Abs(mine[i] - theirs[i]) <= tolerance * Math.Max(1, Math.Abs(theirs[i]));
            if (!equal)
                return $"value {i} of {mine.Length}: {mine[i]:R}, PyTorch's is {theirs[i]:R}";
        }
        return null;
    }

    bool IsFloating => Type.Contains("float", StringComparison.Ordinal);

    int Width => Type switch { "uint8" or "bool" => 1, "float16" or "bfloat16" => 2, "float32" => 4, _ => 8 };

    double[] Values(byte[] bytes) => Type switch
    {
        "float32" => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)],
        "float64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        "int64" => [.. MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(value => (double)value)],
        "float16" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (double)value)],
        "bfloat16" => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(value => (double)BitConverter.Int32BitsToSingle(value << 16))],
        _ => [.. bytes.Select(value => (double)value)],
    };
}
