using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Data;

/// <summary>Which of its V fixed views an epoch sees of each image.</summary>
internal static class FixedViews
{
    /// <summary>One of 0 .. <paramref name="views"/> - 1 for every image, drawn per (epoch, image).</summary>
    public static long[] Chosen(SeedTree seeds, int epoch, int images, int views)
    {
        var chosen = new long[images];
        for (var i = 0; i < images; i++)
            chosen[i] = new HostRandom((ulong)seeds.Seed(RandomStream.ViewChoice, epoch, i)).Below(views);
        return chosen;
    }

    /// <summary>The same view of every image.</summary>
    public static long[] All(int view, int images)
    {
        var chosen = new long[images];
        Array.Fill(chosen, view);
        return chosen;
    }
}
