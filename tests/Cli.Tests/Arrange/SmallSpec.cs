namespace KdRobust.Cli.Tests.Arrange;

/// <summary>The sample spec as a file; see the API's tests.</summary>
static class SmallSpec
{
    static int seeds = 500_000;

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "Samples", "small.json");

    /// <summary>A <c>--set</c> that makes its jobs nobody else's.</summary>
    public static string NewSeed() => $"seed={Interlocked.Increment(ref seeds)}";
}
