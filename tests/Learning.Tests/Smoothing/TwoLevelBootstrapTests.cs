using KdRobust.Domain.Experiments;
using KdRobust.Domain.Statistics;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

public sealed class TwoLevelBootstrapTests
{
    static readonly SeedTree Seeds = new(9);

    [DeviceTheory]
    [InlineData(5, 3)]
    [InlineData(16, 40)]
    public void Replicates_are_those_of_resampling_every_image_and_group_by_hand(int groups, int perGroup)
    {
        const int images = 40, classes = 10;
        var random = new HostRandom(3);
        // Votes of which every fifth image's all agree, and whose ties are frequent otherwise.
        var votes = new float[groups, images, classes];
        var labels = new long[images];
        for (var image = 0; image < images; image++)
        {
            labels[image] = random.Below(4);
            for (var g = 0; g < groups; g++)
                for (var m = 0; m < perGroup; m++) votes[g, image, image % 5 == 0 ? image % 4 : random.Below(4)]++;
        }
        var expected = new double[TwoLevelBootstrap.Replicates];
        for (var replicate = 0; replicate < expected.Length; replicate++)
        {
            var draw = new HostRandom((ulong)Seeds.Seed(RandomStream.Bootstrap, replicate, 0));
            var chosen = Enumerable.Range(0, groups).Select(_ => draw.Below(groups)).ToArray();
            var right = Enumerable.Range(0, images).Count(image =>
            {
                var sums = Enumerable.Range(0, classes).Select(c => chosen.Sum(g => votes[g, image, c])).ToArray();
                return Array.IndexOf(sums, sums.Max()) == labels[image];
            });
            var pick = new HostRandom((ulong)Seeds.Seed(RandomStream.Bootstrap, replicate, 1));
            expected[replicate] = Enumerable.Range(0, images).Count(_ => pick.Below(images) < right) / (double)images;
        }

        using var scope = NewDisposeScope();
        var sums = tensor(votes.Cast<float>().ToArray(), [groups, images, classes]);
        TwoLevelBootstrap.Accuracies(sums, tensor(labels, [images]), Seeds).ShouldBe(expected);
        var interval = TwoLevelBootstrap.Of(sums, tensor(labels, [images]), Seeds);
        (interval.Groups, interval.Replicates).ShouldBe((groups, 1000));
        expected.Count(a => a < interval.Lower).ShouldBeLessThanOrEqualTo(25);
        expected.Count(a => a <= interval.Lower).ShouldBeGreaterThanOrEqualTo(25);
        expected.Count(a => a > interval.Upper).ShouldBeLessThanOrEqualTo(25);
        expected.Count(a => a >= interval.Upper).ShouldBeGreaterThanOrEqualTo(25);
    }

    // An image is answered rightly by a draw when its margin, an error all images share in that draw, and one of its own are
    // positive in sum. Two classes, the true one is 1, so a tie is wrong.
    static (Tensor Groups, double Accuracy) Simulate(Generator random, int images, int draws, double shared, double own)
    {
        using var scope = NewDisposeScope();
        var margins = randn([1, images], generator: random) + 0.5;
        var right = (margins + (randn([draws, 1], generator: random) * shared) + (randn([draws, images], generator: random) * own)).gt(0).to(ScalarType.Float32); // [M, N]
        var groups = right.view(draws / DrawGroups.Groups, DrawGroups.Groups, images).sum(dim: 0); // draw m in group m mod G
        var accuracy = right.sum(dim: 0).mul(2).gt(draws).sum().item<long>() / (double)images;
        return (stack([groups.neg() + (draws / DrawGroups.Groups), groups], 2).MoveToOuterDisposeScope(), accuracy);
    }

    // How often each kind of interval holds the expected accuracy, and how wide they are on average.
    static (double Bootstrap, double Wilson, double Ratio) Coverage(int draws, double shared, double own)
    {
        const int images = 300, trials = 60;
        using var random = new Generator(17);
        using var scope = NewDisposeScope();
        var labels = ones([images], ScalarType.Int64);
        double Once()
        {
            using var one = NewDisposeScope();
            return Simulate(random, images, draws, shared, own).Accuracy;
        }
        var truth = Enumerable.Range(0, 800).Average(_ => Once());
        var (bootstrap, wilson, width, narrow) = (0, 0, 0.0, 0.0);
        for (var trial = 0; trial < trials; trial++)
        {
            using var one = NewDisposeScope();
            var (groups, accuracy) = Simulate(random, images, draws, shared, own);
            var both = TwoLevelBootstrap.Of(groups, labels, new SeedTree(trial));
            var alone = WilsonInterval.Of((int)Math.Round(accuracy * images), images);
            if (both.Lower <= truth && truth <= both.Upper) bootstrap++;
            if (alone.Lower <= truth && truth <= alone.Upper) wilson++;
            width += both.Upper - both.Lower;
            narrow += alone.Upper - alone.Lower;
        }
        return ((double)bootstrap / trials, (double)wilson / trials, width / narrow);
    }

    [DeviceFact]
    public void Where_draws_err_on_many_images_together_the_interval_covers_and_one_of_images_alone_does_not()
    {
        var (bootstrap, wilson, ratio) = Coverage(draws: 16, shared: 1, own: 0.5);
        bootstrap.ShouldBeGreaterThan(0.85);
        wilson.ShouldBeLessThan(0.6);
        ratio.ShouldBeGreaterThan(2);
    }

    [DeviceFact]
    public void Where_every_image_has_its_own_draws_it_is_about_that_of_images_alone()
    {
        var (bootstrap, wilson, ratio) = Coverage(draws: 64, shared: 0, own: 1);
        bootstrap.ShouldBeGreaterThan(0.88);
        wilson.ShouldBeGreaterThan(0.88);
        ratio.ShouldBeInRange(0.9, 1.2);
    }

    [DeviceFact]
    public void Groups_are_those_of_the_draws_modulo_sixteen_for_every_aggregation()
    {
        const int images = 5, draws = 19;
        using var scope = NewDisposeScope();
        float[] Logits(long draw, long image)
        {
            var random = new HostRandom((ulong)((draw * 100) + image));
            return [.. Enumerable.Range(0, 10).Select(_ => random.Below(1000) / 100f)];
        }
        var view = new ScriptedView(Logits);
        using var counts = new SmoothedCounts(images, 10, DefaultDevice.OfProcess, draws, grouped: true);
        for (var m = 0; m < draws; m++) counts.Add(view, zeros([images, 3, 32, 32]), Indices(images), new(RandomStream.Report, 0, m), 3);
        var logits = tensor([.. Enumerable.Range(0, draws).SelectMany(m => Enumerable.Range(0, images).SelectMany(i => Logits(m, i)))], [draws, images, 10]);

        var count = counts.Count(Labels(images), Seeds);

        foreach (var aggregation in Enum.GetValues<Aggregation>())
        {
            var groups = stack(Enumerable.Range(0, 16).Select(g =>
            {
                var members = logits.index_select(0, tensor(Enumerable.Range(0, draws).Where(m => m % 16 == g).Select(m => (long)m).ToArray()));
                var scores = Aggregations.Scores(aggregation, members).to(ScalarType.Float64);
                return aggregation is Aggregation.Votes or Aggregation.RankVote ? scores : scores * members.shape[0];
            })).to(ScalarType.Float32);
            count.Of(aggregation).OverDraws.ShouldBe(TwoLevelBootstrap.Of(groups, Labels(images), Seeds), aggregation.ToString());
        }
    }

    [DeviceFact]
    public void Groups_do_not_grow_with_the_draws_and_need_eight_of_them()
    {
        using var scope = NewDisposeScope();
        var view = new ScriptedView((draw, image) => [.. Enumerable.Range(0, 10).Select(c => c == (draw + image) % 3 ? 1f : 0)]);
        var labels = Labels(4);
        long Kept(int draws, out int? groups)
        {
            var before = LiveTensors.Count();
            using var counts = new SmoothedCounts(4, 10, DefaultDevice.OfProcess, draws, grouped: true);
            for (var m = 0; m < draws; m++)
            {
                using var one = NewDisposeScope();
                counts.Add(view, zeros([4, 3, 32, 32]), Indices(4), new(RandomStream.Report, 0, m), 4);
            }
            groups = counts.Count(labels, Seeds).Of(Aggregation.Votes).OverDraws?.Groups;
            return LiveTensors.Count() - before;
        }
        Kept(7, out var none).ShouldBe(2, "the sums and those of the groups");
        none.ShouldBeNull();
        Kept(8, out var eight).ShouldBe(2);
        eight.ShouldBe(8);
        Kept(40, out var sixteen).ShouldBe(2);
        sixteen.ShouldBe(16);
    }
}
