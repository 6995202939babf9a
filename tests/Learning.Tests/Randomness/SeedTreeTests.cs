using KdRobust.Learning.Randomness;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Randomness;

public sealed class SeedTreeTests
{
    [DeviceFact]
    public void The_same_use_has_the_same_seed_and_every_part_of_it_matters()
    {
        var seed = new SeedTree(7).Seed(RandomStream.Craft, 1, 2, 3);
        new SeedTree(7).Seed(RandomStream.Craft, 1, 2, 3).ShouldBe(seed);

        new SeedTree(8).Seed(RandomStream.Craft, 1, 2, 3).ShouldNotBe(seed);
        new SeedTree(7).Seed(RandomStream.Select, 1, 2, 3).ShouldNotBe(seed);
        new SeedTree(7).Seed(RandomStream.Craft, 1, 3, 2).ShouldNotBe(seed);
        new SeedTree(7).Seed(RandomStream.Craft, 1, 2).ShouldNotBe(seed);
        new SeedTree(7).Seed(RandomStream.Craft, 1, 2, 3, 0).ShouldNotBe(seed);
        new SeedTree(7).Seed("input", RandomStream.Craft, 1, 2, 3).ShouldNotBe(new SeedTree(7).Seed("weights", RandomStream.Craft, 1, 2, 3));
        new SeedTree(7).Branch("monitor").Seed(RandomStream.Craft, 1, 2, 3).ShouldNotBe(seed);
    }

    [DeviceFact]
    public void A_seed_never_changes_between_versions()
    {
        // Results of stored experiments depend on these numbers; python3: see tests/Learning.Tests/Randomness/seeds.py
        new SeedTree(42).Seed(RandomStream.Report, 0, 5, 511).ShouldBe(399598461163243524);
        new SeedTree(0).Branch("monitor").Seed(RandomStream.DataOrder).ShouldBe(1759907559048022801);
    }

    [DeviceFact]
    public void Seeds_of_all_streams_epochs_layers_and_draws_are_distinct_and_not_negative()
    {
        var tree = new SeedTree(1);
        var seeds = new HashSet<long>();
        RandomStream[] streams = [RandomStream.Training, RandomStream.Craft, RandomStream.Select, RandomStream.Report, RandomStream.Labels, RandomStream.Monitor];
        foreach (var stream in streams)
            for (var epoch = 0; epoch < 3; epoch++)
                for (var layer = 0; layer < 30; layer++)
                    for (var draw = 0; draw < 64; draw++)
                    {
                        var seed = tree.Seed(stream, epoch, layer, draw);
                        seed.ShouldBeGreaterThanOrEqualTo(0);
                        seeds.Add(seed).ShouldBeTrue($"{stream} {epoch} {layer} {draw} repeats a seed");
                    }
    }

    [DeviceFact]
    public void Streams_of_crafting_selecting_and_reporting_have_names_of_their_own()
    {
        RandomStream[] streams =
        [
            RandomStream.Initialization, RandomStream.DataOrder, RandomStream.Augmentation, RandomStream.Training, RandomStream.Craft,
            RandomStream.Select, RandomStream.Report, RandomStream.Labels, RandomStream.Monitor, RandomStream.AttackStart,
        ];
        streams.Select(stream => stream.Name).ShouldBeUnique();
    }
}
