using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Data;

public sealed class EpochOrderTests
{
    [DeviceFact]
    public void Every_image_comes_once()
    {
        EpochOrder.Of(new SeedTree(1), 0, 1000).Order().ShouldBe(Enumerable.Range(0, 1000).Select(i => (long)i));
    }

    [DeviceFact]
    public void An_order_is_a_function_of_seed_and_epoch()
    {
        var order = EpochOrder.Of(new SeedTree(1), 4, 100);

        EpochOrder.Of(new SeedTree(1), 4, 100).ShouldBe(order);
        EpochOrder.Of(new SeedTree(1), 5, 100).ShouldNotBe(order);
        EpochOrder.Of(new SeedTree(2), 4, 100).ShouldNotBe(order);
    }

    [DeviceFact]
    public void Every_place_is_equally_likely()
    {
        var first = new int[5];
        for (var epoch = 0; epoch < 5000; epoch++) first[EpochOrder.Of(new SeedTree(1), epoch, 5)[0]]++;

        // Five standard deviations of a binomial count around 1000.
        first.ShouldAllBe(count => Math.Abs(count - 1000) < 142);
    }
}
