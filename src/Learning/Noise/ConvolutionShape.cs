namespace KdRobust.Learning.Noise;

/// <summary>Sizes of a convolution with padding k/2 on square maps.</summary>
/// <param name="In">Channels that enter.</param>
/// <param name="Out">Channels that leave.</param>
/// <param name="Kernel">k.</param>
/// <param name="Stride">Pixels between two positions.</param>
/// <param name="Side">Height and width of what enters.</param>
internal readonly record struct ConvolutionShape(long In, long Out, long Kernel, long Stride, long Side)
{
    /// <summary>Height and width of what leaves: with a stride of 2 half of what enters.</summary>
    public long OutSide => ((Side + (2 * (Kernel / 2)) - Kernel) / Stride) + 1;

    /// <summary>[out, in, k, k]</summary>
    public long[] Weight => [Out, In, Kernel, Kernel];

    /// <summary>What enters for one image, [in, side, side].</summary>
    public long[] Input => [In, Side, Side];

    /// <summary>What leaves for one image, [out, out side, out side].</summary>
    public long[] Output => [Out, OutSide, OutSide];
}
