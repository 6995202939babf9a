using KdRobust.Domain.Jobs;

namespace KdRobust.Learning.Data;

/// <summary>Images of one split in host memory, in the canonical record order.</summary>
/// <param name="Pixels">Bytes [N, 3, 32, 32]: red, green and blue planes, row by row.</param>
/// <param name="Labels">Classes [N], 0 to 9.</param>
internal sealed record LabelledImages(byte[] Pixels, byte[] Labels)
{
    public const int Channels = 3;
    public const int Side = 32;
    /// <summary>Bytes of one image.</summary>
    public const int ImageBytes = Channels * Side * Side;
    public const int Classes = 10;

    /// <summary>N.</summary>
    public int Count => Labels.Length;

    /// <summary>The first <paramref name="count"/> images.</summary>
    public LabelledImages First(int count) =>
        count == Count ? this : new(Pixels[..(count * ImageBytes)], Labels[..count]);

    /// <summary>The images of a range that lies inside.</summary>
    public LabelledImages In(ImageRange range) =>
        range.Count == Count ? this : new(Pixels[(range.First * ImageBytes)..((range.First + range.Count) * ImageBytes)], Labels[range.First..(range.First + range.Count)]);

    /// <summary>The last <paramref name="count"/> images.</summary>
    public LabelledImages Last(int count) =>
        count == Count ? this : new(Pixels[^(count * ImageBytes)..], Labels[^count..]);
}
