using Xunit.Abstractions;

// Most of these tests wait most of the time: for a lease to end, a disk to fill, a cable to come back. Two at a time would leave a
// core of a small machine idle.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer("KdRobust.EndToEnd.Tests.Arrange.LongestFirst", "KdRobust.EndToEnd.Tests")]

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>
/// A few classes run at a time: begun last, the longest would run alone at the end. Those that compute are mostly
/// two, beside one that waits: what is asserted of times holds for a machine that is not overrun.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly Type[] Longest = [typeof(ChaosTests), typeof(WholeChainTests), typeof(Faults.HostTests), typeof(Faults.FullDiskTests), typeof(Faults.SweepUnderFireTests)];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(Longest, type => collection.DisplayName.EndsWith(type.FullName!, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length);
}
