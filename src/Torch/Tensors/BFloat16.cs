namespace KdRobust.Torch;

/// <summary>The upper half of a float32: 8 bits of exponent, 7 of fraction. Made by rounding to nearest, ties to even.</summary>
public readonly record struct BFloat16
{
    private readonly ushort bits;

    private BFloat16(ushort bits) => this.bits = bits;

    public static explicit operator BFloat16(float value)
    {
        var word = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new BFloat16((ushort)((word >> 16) | 0x40));
        return new BFloat16((ushort)((word + 0x7FFF + ((word >> 16) & 1)) >> 16));
    }

    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.bits << 16);

    public override string ToString() => ((float)this).ToString();
}
