using KdRobust.Chaos;
using KdRobust.EndToEnd.Tests.Arrange;
using Xunit.Abstractions;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>The small form of <c>kdr bench sweep-under-fire</c>.</summary>
public sealed class SweepUnderFireTests(ITestOutputHelper output)
{
    [ServiceFact]
    public async Task Sweep_of_real_trainings_whose_workers_are_killed_one_after_the_other_finds_the_same_to_the_last_digit()
    {
        var sweep = new SweepUnderFire(Programs.Assembly, points: 3, workers: 2, output.WriteLine);
        var undisturbed = await sweep.Compute(killEvery: null);
        var underFire = await sweep.Compute(killEvery: TimeSpan.FromSeconds(5));
        underFire.Kills.ShouldBeGreaterThan(0);
        undisturbed.Points.Count.ShouldBe(3);
        undisturbed.Points.Values.ShouldAllBe(found => found.StartsWith("Succeeded ", StringComparison.Ordinal));
        undisturbed.Points.Values.Distinct().Count().ShouldBe(3, "each training is its own");
        underFire.Points.OrderBy(point => point.Key).ShouldBe(undisturbed.Points.OrderBy(point => point.Key));
        output.WriteLine($"undisturbed {undisturbed.Seconds:0.0} s, under fire {underFire.Seconds:0.0} s, {underFire.Kills} kills, {underFire.Claims} claims, {underFire.Reaped} taken from silent workers");
    }
}
