namespace KdRobust.Domain.Jobs;

/// <summary>Consecutive images of a split.</summary>
/// <param name="First">Index of the first in its split.</param>
/// <param name="Count">How many.</param>
public sealed record ImageRange(int First, int Count)
{
    /// <summary>
    /// Images that share a seed of their noise, and the company of which images that are still asked never leave: a shard begins
    /// and ends with such a block (or with the last image), so that it is asked in the very batches of the whole.
    /// </summary>
    public const int Block = 256;

    /// <summary>The first <paramref name="images"/> images in ranges of <paramref name="size"/>, the last one shorter where they do not divide.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not a positive multiple of <see cref="Block"/>.</exception>
    public static IReadOnlyList<ImageRange> Cut(int images, int size)
    {
        if (size < Block || size % Block != 0) throw new ArgumentOutOfRangeException(nameof(size), size, $"expected a multiple of {Block}");
        var ranges = new List<ImageRange>();
        for (var first = 0; first < images; first += size) ranges.Add(new(first, Math.Min(size, images - first)));
        return ranges;
    }

    /// <summary>First and last index, e.g. <c>256-511</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{First}-{First + Count - 1}");
}
