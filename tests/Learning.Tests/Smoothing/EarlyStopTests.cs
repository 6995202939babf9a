using KdRobust.Domain.Experiments;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

public sealed class EarlyStopTests
{
    const int Classes = 10;

    public static TheoryData<Aggregation> Stoppable() => [Aggregation.Votes, Aggregation.MeanProbability, Aggregation.RankVote];

    static float[] OneHot(int c, float height = 200) => [.. Enumerable.Range(0, Classes).Select(i => i == c ? height : 0)];

    static SmoothedCounts Ask(IClassifier view, int images, int draws, int batch, Aggregation? stopFor) =>
        SmoothedCounts.Of(view, zeros([images, 3, 32, 32]), Indices(images), RandomStream.Report, draws, batch, stopFor);

    // Images from easy to hard; a third of them have logits of three values, so that ties abound.
    static float[] Random(long draw, long image)
    {
        var random = new HostRandom((ulong)((draw * 1000) + image));
        var easy = image % 5;
        return [.. Enumerable.Range(0, Classes).Select(c => (image % 3 == 0 ? random.Below(3) : random.Below(1 << 20) / (float)(1 << 18)) + (c == image % Classes ? easy : 0))];
    }

    [DeviceTheory]
    [MemberData(nameof(Stoppable))]
    public void Answers_are_those_without_early_stop_for_every_number_of_draws(Aggregation aggregation)
    {
        const int images = 30;
        var saved = 0;
        for (var draws = 1; draws <= 24; draws++)
        {
            using var scope = NewDisposeScope();
            using var all = Ask(new ScriptedView(Random), images, draws, 7, null);
            using var some = Ask(new ScriptedView(Random), images, draws, 7, aggregation);
            Integers(some.Predict(aggregation)).ShouldBe(Integers(all.Predict(aggregation)), $"M = {draws}");
            var (full, early) = (all.Count(Labels(images)), some.Count(Labels(images)));
            early.Aggregations.ShouldHaveSingleItem().ShouldBe(full.Of(aggregation));
            if (early.MeanDraws < full.MeanDraws) saved++;
        }
        saved.ShouldBeGreaterThan(20, "nothing ever stops");
    }

    [DeviceTheory]
    [MemberData(nameof(Stoppable))]
    public void Draws_that_turn_against_the_leader_at_any_moment_change_no_answer(Aggregation aggregation)
    {
        // Image (a, c, s): class a up to draw s, class c from then on, for every pair and every s.
        const int pairs = Classes * Classes;
        for (var draws = 1; draws <= 9; draws++)
        {
            using var scope = NewDisposeScope();
            float[] Turning(long draw, long image) => OneHot((int)(draw < image / pairs ? image % pairs / Classes : image % Classes));
            using var all = Ask(new ScriptedView(Turning), pairs * (draws + 1), draws, 1 << 12, null);
            using var some = Ask(new ScriptedView(Turning), pairs * (draws + 1), draws, 1 << 12, aggregation);
            Integers(some.Predict(aggregation)).ShouldBe(Integers(all.Predict(aggregation)), $"M = {draws}");
        }
    }

    [DeviceTheory]
    [InlineData(Aggregation.Votes, 1.0)]
    [InlineData(Aggregation.RankVote, 511.0 / 512)]
    public void An_image_leaves_at_the_first_draw_after_which_its_answer_is_certain(Aggregation aggregation, double move)
    {
        const int images = 30, draws = 17;
        // The first draw after which no class can overtake, or draw level from below.
        int Needed(int image)
        {
            var sums = new double[Classes];
            for (var m = 1; m <= draws; m++)
            {
                var logits = Random(m - 1, image);
                var ranked = Enumerable.Range(0, Classes).OrderByDescending(c => logits[c]).ThenBy(c => c).ToArray();
                for (var rank = 0; rank < Classes; rank++) sums[ranked[rank]] += aggregation == Aggregation.Votes ? (rank == 0 ? 1 : 0) : Math.Pow(2, -rank);
                var best = Array.IndexOf(sums, sums.Max());
                var overtaken = false;
                for (var c = 0; c < Classes; c++)
                    if (c != best && sums[c] + ((draws - m) * move) is var reached && (reached > sums[best] || (reached == sums[best] && c < best))) overtaken = true;
                if (!overtaken) return m;
            }
            throw new InvalidOperationException("after the last draw an answer is certain");
        }
        using var scope = NewDisposeScope();
        var view = new ScriptedView(Random);
        using var counts = Ask(view, images, draws, images, aggregation);

        for (var image = 0; image < images; image++)
            view.Batches.Count(batch => batch.Contains(image)).ShouldBe(Needed(image), $"image {image}");
        counts.Count(Labels(images)).MeanDraws.ShouldBe(Enumerable.Range(0, images).Average(Needed), 1e-12);
    }

    [DeviceFact]
    public void A_tie_is_certain_only_for_the_lower_class()
    {
        using var scope = NewDisposeScope();
        // Four draws for one class, then four for the other: with four to go, 0 keeps a tie against 7, 7 does not against 0.
        var view = new ScriptedView((draw, image) => OneHot(draw < 4 == (image == 0) ? 0 : 7));
        using var counts = Ask(view, 2, 8, 2, Aggregation.Votes);
        view.Batches.Count(batch => batch.Contains(0)).ShouldBe(4);
        view.Batches.Count(batch => batch.Contains(1)).ShouldBe(8);
        Integers(counts.Predict(Aggregation.Votes)).ShouldBe([0, 0]);
    }

    [DeviceFact]
    public void Images_that_stay_are_asked_in_full_batches_under_their_own_indices()
    {
        using var scope = NewDisposeScope();
        // Even images agree with themselves, odd ones answer something else every draw.
        var view = new ScriptedView((draw, image) => OneHot(image % 2 == 0 ? 0 : (int)draw % Classes));
        using var counts = SmoothedCounts.Of(view, zeros([8, 3, 32, 32]), Indices(8, first: 100), RandomStream.Report, 6, 4, Aggregation.Votes);
        string.Join(" ", view.Batches.Select(batch => string.Join(",", batch))).ShouldBe(
            string.Join(" ", Enumerable.Repeat("100,101,102,103 104,105,106,107", 3).Concat(Enumerable.Repeat("101,103,105,107", 3))));
        view.Asked.ShouldAllBe(draw => draw.Image == null);
        counts.MeanDraws.ShouldBe(4.5);
    }

    [DeviceFact]
    public void A_noisy_network_answers_the_same_with_fewer_passes()
    {
        const int images = 8;
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.25), new SeedTree(5));
        var pixels = Images(images);
        foreach (var draws in new[] { 1, 4, 9 })
        {
            using var all = SmoothedCounts.Of(new OneByOne(view), pixels, Indices(images), RandomStream.Report, draws, 3);
            foreach (var aggregation in new[] { Aggregation.Votes, Aggregation.MeanProbability, Aggregation.RankVote })
            {
                var needed = new OneByOne(view);
                using var some = SmoothedCounts.Of(needed, pixels, Indices(images), RandomStream.Report, draws, 3, aggregation);
                Integers(some.Predict(aggregation)).ShouldBe(Integers(all.Predict(aggregation)), $"M = {draws}, {aggregation}");
                some.MeanDraws.ShouldBe((double)needed.Passes / images);
                if (draws == 9) needed.Passes.ShouldBeLessThan(images * draws, aggregation.ToString());
            }
        }
    }

    [DeviceFact]
    public void A_view_with_a_draw_an_image_answers_the_same_in_any_company()
    {
        const int images = 6, draws = 7;
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, null, new SeedTree(5)) { Sharing = DrawSharing.Image };
        var pixels = Images(images);
        using var all = SmoothedCounts.Of(view, pixels, Indices(images), RandomStream.Report, draws, images);
        foreach (var aggregation in new[] { Aggregation.Votes, Aggregation.MeanProbability, Aggregation.RankVote })
        {
            using var some = SmoothedCounts.Of(view, pixels, Indices(images), RandomStream.Report, draws, 4, aggregation);
            some.Count(Labels(images)).Of(aggregation).ShouldBe(all.Count(Labels(images)).Of(aggregation));
        }
    }

    [DeviceTheory]
    [InlineData(Aggregation.MeanLogit)]
    [InlineData(Aggregation.MeanLogProbability)]
    public void Aggregations_that_one_draw_can_turn_around_do_not_stop(Aggregation aggregation)
    {
        using var scope = NewDisposeScope();
        Should.Throw<ArgumentException>(() => Ask(new ScriptedView(Random), 1, 4, 1, aggregation)).Message.ShouldContain("rank-vote");
    }

    [DeviceFact]
    public void Sums_over_different_draws_are_no_labels()
    {
        using var scope = NewDisposeScope();
        using var counts = Ask(new ScriptedView(Random), 3, 4, 3, Aggregation.Votes);
        Should.Throw<InvalidOperationException>(counts.VoteShares).Message.ShouldContain("without early stop");
        Should.Throw<ArgumentOutOfRangeException>(() => counts.Predict(Aggregation.MeanLogit));
    }

    [DeviceFact]
    public void Images_that_leave_hold_no_tensors()
    {
        using var scope = NewDisposeScope();
        var before = LiveTensors.Count();
        Ask(new ScriptedView((_, _) => OneHot(1)), 6, 9, 4, Aggregation.Votes).Dispose();
        using (NewDisposeScope())
            Ask(new ScriptedView(Random), 6, 9, 4, Aggregation.RankVote).Dispose();
        (LiveTensors.Count() - before).ShouldBeLessThanOrEqualTo(1, "more than the images this test made itself");
    }
}
