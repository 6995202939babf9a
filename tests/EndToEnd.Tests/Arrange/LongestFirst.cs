using Xunit.Abstractions;

[assembly: TestCollectionOrderer("KdRobust.EndToEnd.Tests.Arrange.LongestFirst", "KdRobust.EndToEnd.Tests")]

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>Two classes run at a time: begun last, the longest would run alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly Type[] Longest = [typeof(ChaosTests), typeof(WholeChainTests), typeof(Faults.SweepUnderFireTests), typeof(Faults.HostTests)];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(Longest, type => collection.DisplayName.EndsWith(type.FullName!, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length);
}
