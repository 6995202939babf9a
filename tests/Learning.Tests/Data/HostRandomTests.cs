using KdRobust.Learning.Data;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Data;

public sealed class HostRandomTests
{
    /// <summary>The first outputs of the authors' reference program (splitmix64.c) for seed 1234567.</summary>
    [DeviceFact]
    public void The_stream_is_that_of_the_reference_program()
    {
        var random = new HostRandom(1234567);

        new[] { random.Next(), random.Next(), random.Next(), random.Next(), random.Next() }
            .ShouldBe([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL, 4593380528125082431UL, 16408922859458223821UL]);
    }

    [DeviceFact]
    public void Numbers_below_a_bound_are_uniform()
    {
        var random = new HostRandom(1);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++) counts[random.Below(7)]++;

        // Six standard deviations of a binomial count around 10,000.
        counts.ShouldAllBe(c => Math.Abs(c - 10_000) < 560);
    }

    [DeviceFact]
    public void Both_ends_of_an_interval_are_reached()
    {
        var random = new HostRandom(2);
        var drawn = Enumerable.Range(0, 200).Select(_ => random.Between(-2, 2)).ToHashSet();

        drawn.ShouldBe([-2, -1, 0, 1, 2], ignoreOrder: true);
    }
}
