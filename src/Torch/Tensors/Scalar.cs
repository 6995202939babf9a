using KdRobust.Torch.Interop;

namespace TorchSharp;

/// <summary>
/// A number as an argument. It keeps its kind: an integer stays an integer, so <c>add_(1)</c> works on an int64 tensor and
/// <c>add_(1.0)</c> does not. Any C# number converts to it.
/// </summary>
public sealed class Scalar : IDisposable
{
    private Scalar(long bits, long kind, torch.ScalarType type)
    {
        Native = new NativeScalar(bits, kind);
        Type = type;
    }

    internal NativeScalar Native { get; }

    /// <summary>The element type of the number it was made from.</summary>
    public torch.ScalarType Type { get; }

    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, 1, torch.ScalarType.Bool);

    public static implicit operator Scalar(byte value) => new(value, 2, torch.ScalarType.Byte);

    public static implicit operator Scalar(sbyte value) => new(value, 2, torch.ScalarType.Int8);

    public static implicit operator Scalar(short value) => new(value, 2, torch.ScalarType.Int16);

    public static implicit operator Scalar(int value) => new(value, 2, torch.ScalarType.Int32);

    public static implicit operator Scalar(long value) => new(value, 2, torch.ScalarType.Int64);

    public static implicit operator Scalar(Half value) => new(BitConverter.DoubleToInt64Bits((double)value), 3, torch.ScalarType.Float16);

    public static implicit operator Scalar(float value) => new(BitConverter.DoubleToInt64Bits(value), 3, torch.ScalarType.Float32);

    public static implicit operator Scalar(double value) => new(BitConverter.DoubleToInt64Bits(value), 3, torch.ScalarType.Float64);

    internal double AsDouble() => Native.Kind == 3 ? BitConverter.Int64BitsToDouble(Native.Bits) : Native.Bits;

    internal long AsInt64() => Native.Kind == 3 ? checked((long)BitConverter.Int64BitsToDouble(Native.Bits)) : Native.Bits;

    public override string ToString() => Native.Kind switch
    {
        1 => Native.Bits != 0 ? "true" : "false",
        2 => Native.Bits.ToString(),
        _ => AsDouble().ToString("R"),
    };

    /// <summary>Nothing to free; there because TorchSharp's scalar owns native memory.</summary>
    public void Dispose() { }
}

/// <summary>Conversions between C# numbers and <see cref="Scalar"/>.</summary>
public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this bool value) => value;

    public static Scalar ToScalar(this byte value) => value;

    public static Scalar ToScalar(this int value) => value;

    public static Scalar ToScalar(this long value) => value;

    public static Scalar ToScalar(this float value) => value;

    public static Scalar ToScalar(this double value) => value;

    public static float ToSingle(this Scalar value) => (float)value.AsDouble();

    public static double ToDouble(this Scalar value) => value.AsDouble();

    /// <exception cref="OverflowException">The number does not fit.</exception>
    public static byte ToByte(this Scalar value) => checked((byte)value.AsInt64());

    /// <exception cref="OverflowException">The number does not fit.</exception>
    public static int ToInt32(this Scalar value) => checked((int)value.AsInt64());

    /// <exception cref="OverflowException">The number does not fit.</exception>
    public static long ToInt64(this Scalar value) => value.AsInt64();

    public static bool ToBoolean(this Scalar value) => value.AsDouble() != 0;
}
