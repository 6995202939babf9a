using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

public sealed class SmoothedCountsTests
{
    static float[] OneHot(long c, float height = 5) => [.. Enumerable.Range(0, 10).Select(i => i == c ? height : 0)];

    [DeviceFact]
    public void Gathered_votes_and_probabilities_equal_the_readable_twin()
    {
        const int draws = 6, n = 9;
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.25), new SeedTree(5));
        var images = Images(n);
        using var counts = SmoothedCounts.Of(view, images, Indices(n), RandomStream.Report, draws, 4);

        using var frozen = view.Freeze();
        using var withoutGraph = no_grad();
        var logits = stack(Enumerable.Range(0, draws).Select(m => view.Logits(images, Indices(n), new Draw(RandomStream.Report, 0, m)))); // [M, N, K]
        Integers(counts.Votes()).ShouldBe(Integers(Aggregations.Votes(logits)));
        LargestDifference(counts.MeanProbability(), Aggregations.MeanProbability(logits)).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
        foreach (var aggregation in Enum.GetValues<Aggregation>())
            Integers(counts.Predict(aggregation)).ShouldBe(Integers(Aggregations.Predict(Aggregations.Scores(aggregation, logits))));
        Integers(counts.Votes().sum(1)).ShouldAllBe(total => total == draws);
        counts.Votes().gt(0).sum().item<long>().ShouldBeGreaterThan(n, "all draws agree: the noise does nothing");
    }

    [DeviceFact]
    public void Counts_depend_neither_on_the_batch_nor_on_the_shard()
    {
        const int n = 10, draws = 4;
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.25), new SeedTree(5));
        var images = Images(n);
        long[] Votes(int first, int count, int batch)
        {
            using var counts = SmoothedCounts.Of(view, images.narrow(0, first, count), Indices(count, first), RandomStream.Report, draws, batch);
            return Integers(counts.Votes());
        }
        var whole = Votes(0, n, n);
        Votes(0, n, 3).ShouldBe(whole);
        long[] shards = [.. Votes(0, 7, 2), .. Votes(7, 3, 3)];
        shards.ShouldBe(whole);
    }

    [DeviceFact]
    public void A_tie_inside_a_draw_and_a_tie_of_votes_go_to_the_lowest_class()
    {
        using var scope = NewDisposeScope();
        // Image 0: draws answer 7, 2, 7, 2. Image 1: every draw has classes 3 and 8 level.
        var view = new ScriptedView((draw, image) => image == 0
            ? OneHot(draw % 2 == 0 ? 7 : 2)
            : [.. Enumerable.Range(0, 10).Select(c => c is 3 or 8 ? 1f : 0f)]);
        using var counts = SmoothedCounts.Of(view, zeros([2, 3, 32, 32]), Indices(2), RandomStream.Report, 4, 2);
        Integers(counts.Votes().select(0, 0)).ShouldBe([0, 0, 2, 0, 0, 0, 0, 2, 0, 0]);
        Integers(counts.Votes().select(0, 1)).ShouldBe([0, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
        foreach (var aggregation in Enum.GetValues<Aggregation>())
            Integers(counts.Predict(aggregation)).ShouldBe([2, 3], aggregation.ToString());
    }

    [DeviceFact]
    public void Votes_and_mean_probability_may_disagree_and_both_come_from_the_same_draws()
    {
        using var scope = NewDisposeScope();
        // Two faint votes for 1 against one sure vote for 0.
        var view = new ScriptedView((draw, _) => draw == 2 ? OneHot(0, 9) : OneHot(1, 0.1f));
        using var counts = SmoothedCounts.Of(view, zeros([1, 3, 32, 32]), Indices(1), RandomStream.Report, 3, 1);
        var count = counts.Count(zeros([1], ScalarType.Int64));
        (count.Images, count.Draws, count.Correct(Aggregation.Votes), count.Correct(Aggregation.MeanProbability)).ShouldBe((1, 3, 0, 1));
        view.Asked.Count.ShouldBe(3);
        counts.VoteShares().sum().item<float>().ShouldBe(1, 1e-6);
        counts.MeanProbability().sum().item<float>().ShouldBe(1, 1e-6);
    }

    [DeviceFact]
    public void A_deterministic_view_is_asked_once()
    {
        using var scope = NewDisposeScope();
        var view = new ScriptedView((_, _) => OneHot(4), deterministic: true);
        using var counts = SmoothedCounts.Of(view, zeros([1, 3, 32, 32]), Indices(1), RandomStream.Report, 64, 1);
        counts.Draws.ShouldBe(1);
        view.Asked.Count.ShouldBe(1);
    }

    [DeviceFact]
    public void Answers_that_are_not_finite_stop_the_evaluation()
    {
        using var scope = NewDisposeScope();
        var view = new ScriptedView((_, _) => OneHot(0, float.NaN));
        Should.Throw<ArithmeticException>(() => SmoothedCounts.Of(view, zeros([1, 3, 32, 32]), Indices(1), RandomStream.Report, 2, 1))
            .Message.ShouldContain("not finite");
    }

    [DeviceFact]
    public void Bytes_and_their_pixels_count_the_same()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, new SeedTree(5));
        var bytes = Images(5).mul(255).to(ScalarType.Byte);
        using var fromBytes = SmoothedCounts.Of(view, bytes, Indices(5), RandomStream.Report, 1, 2);
        using var fromPixels = SmoothedCounts.Of(view, bytes.to(ScalarType.Float32).div(255), Indices(5), RandomStream.Report, 1, 2);
        Same(fromBytes.MeanProbability(), fromPixels.MeanProbability()).ShouldBeTrue();
    }

    [DeviceFact]
    public void Memory_does_not_grow_with_the_draws()
    {
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.25), new SeedTree(5));
        using var images = Images(6);
        long Leaked(int draws)
        {
            var before = LiveTensors.Count();
            using (SmoothedCounts.Of(view, images, Indices(6), RandomStream.Report, draws, 4))
            {
                (LiveTensors.Count() - before).ShouldBeInRange(1, 2, "more than the sums and the last block of noise lives on");
            }
            return LiveTensors.Count() - before;
        }
        Leaked(1); // the view keeps its last block of noise
        Leaked(2).ShouldBe(0);
        Leaked(20).ShouldBe(0);
    }
}
