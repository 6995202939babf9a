using FsCheck;
using FsCheck.Fluent;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Domain.Tests.Sweeps;

public sealed class HalvingTests
{
    static HalvingSpec Spec(int eta, ScoreGoal goal = ScoreGoal.Maximize, params int[] rungs) =>
        new() { Paths = ["p"], Rungs = rungs.Length > 0 ? rungs : [1, 2, 4], Eta = eta, By = new ResultScoreSpec { Result = "r" }, Goal = goal };

    [Fact]
    public void Brackets_shrink_by_eta_and_never_to_nothing()
    {
        Halving.Sizes(Spec(3, rungs: [1, 3, 9, 27]), 27).ShouldBe([27, 9, 3, 1]);
        Halving.Sizes(Spec(3, rungs: [1, 3, 9, 27]), 10).ShouldBe([10, 3, 1, 1]);
        Halving.Sizes(Spec(2, rungs: [1, 2]), 1).ShouldBe([1, 1]);
    }

    [Fact]
    public void The_best_go_on_in_their_own_order_and_the_earlier_of_equals()
    {
        Halving.Survivors([(0, 0.1), (1, 0.9), (2, 0.5), (3, 0.9), (4, 0.9), (5, 0.2)], Spec(2)).ShouldBe([1, 3, 4]);
        Halving.Survivors([(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5)], Spec(2)).ShouldBe([0, 1]);
        Halving.Survivors([(0, 3), (1, 1), (2, 2), (3, 4)], Spec(2, ScoreGoal.Minimize)).ShouldBe([1, 2]);
    }

    [Fact]
    public void A_point_without_a_score_never_goes_on()
    {
        Halving.Survivors([(0, null), (1, double.NaN), (2, 0.1), (3, null)], Spec(2)).ShouldBe([2]);
        Halving.Survivors([(0, null), (1, null)], Spec(2)).ShouldBeEmpty();
    }

    [Fact]
    public void Who_goes_on_does_not_depend_on_who_ended_first() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyArray<int>>(), ArbMap.Default.ArbFor<int>(), (scores, shuffle) =>
        {
            var rung = scores.Get.Select((score, i) => (Ordinal: i, Score: score % 7 == 0 ? null : (double?)(score % 5))).ToList();
            var kept = Halving.Survivors(rung, Spec(2));
            var worstKept = kept.Count == 0 ? double.NegativeInfinity : kept.Min(i => rung[i].Score!.Value);
            return kept.SequenceEqual(Halving.Survivors([.. rung.OrderBy(point => (point.Ordinal * 31 + shuffle) % 17)], Spec(2)))
                && kept.Count == Math.Min(Math.Max(1, rung.Count / 2), rung.Count(point => point.Score is not null))
                && rung.All(point => kept.Contains(point.Ordinal) || point.Score is null || point.Score <= worstKept);
        }).QuickCheckThrowOnFailure();
}
