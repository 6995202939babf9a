using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Data;

/// <summary>The order of the training images: one permutation an epoch, from the root seed and the epoch alone.</summary>
internal static class EpochOrder
{
    /// <summary>A permutation of 0 .. <paramref name="count"/> - 1 (Fisher and Yates), each equally likely.</summary>
    public static long[] Of(SeedTree seeds, int epoch, int count)
    {
        var order = new long[count];
        for (var i = 0; i < count; i++) order[i] = i;
        var random = new HostRandom((ulong)seeds.Seed(RandomStream.DataOrder, epoch));
        for (var i = count - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}
