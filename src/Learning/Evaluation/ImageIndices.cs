namespace KdRobust.Learning.Evaluation;

/// <summary>Indices of images in record order, the identity of their noise.</summary>
internal static class ImageIndices
{
    /// <summary><paramref name="start"/> .. start + count - 1.</summary>
    public static long[] Range(int start, int count)
    {
        var indices = new long[count];
        for (var i = 0; i < count; i++) indices[i] = start + i;
        return indices;
    }
}
