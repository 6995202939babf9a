using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class AttackDrawsTests
{
    const int N = 3;
    const int K = 3;

    static List<Draw> Asked(AttackSpec spec, params AttackMoment[] moments)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.3);
        using var attack = new Pgd(spec, new SeedTree(9));
        foreach (var moment in moments) attack.Run(view, Images(N), Labels(N), Indices(N), moment).Dispose();
        return view.Asked;
    }

    [DeviceTheory]
    [InlineData(ExpectationOf.MeanLoss, 1)]
    [InlineData(ExpectationOf.MeanProbability, 2)]
    [InlineData(ExpectationOf.MeanLogit, 2)]
    public void Every_iterate_of_every_restart_and_moment_has_n_fresh_draws(ExpectationOf of, int passes)
    {
        const int n = 4, restarts = 2, selecting = 5;
        var spec = Attack(K, restarts: restarts, randomStart: true, loss: AttackLoss.Kl, keep: KeepIterate.Best) with { Expectation = new() { Draws = n, Of = of }, SelectingDraws = selecting };
        var asked = Asked(spec, new AttackMoment(1, 5), new AttackMoment(1, 6), new AttackMoment(2, 5));
        asked.Select(draw => draw.Stream).Distinct().ShouldBe([RandomStream.Craft, RandomStream.Select], ignoreOrder: true);
        var crafting = asked.Where(draw => draw.Stream == RandomStream.Craft).GroupBy(draw => draw).Select(group => group.Count()).ToList();
        // Per restart: n for each of the iterates 0..K, and the clean answer. Two passes differentiate a loss of a mean.
        crafting.Count.ShouldBe(3 * restarts * ((n * (K + 1)) + 1));
        crafting.Sum().ShouldBe(3 * restarts * ((n * ((passes * K) + 1)) + 1));
        crafting.Max().ShouldBe(passes);
        asked.Where(draw => draw.Stream == RandomStream.Select).Distinct().Count().ShouldBe(3 * selecting);
    }

    [DeviceFact]
    public void Iterates_of_a_random_view_are_compared_by_as_many_draws_as_the_spec_says()
    {
        var spec = Attack(K, keep: KeepIterate.Best);
        long Selecting(int draws) => Asked(spec with { SelectingDraws = draws }, new AttackMoment(0, 0)).Count(draw => draw.Stream == RandomStream.Select);
        Selecting(1).ShouldBe(K + 1);
        Selecting(8).ShouldBe(8 * (K + 1));
        using var scope = NewDisposeScope();
        using var deterministic = new Perceptron();
        using var attack = new Pgd(spec, new SeedTree(9));
        using var outcome = attack.Run(deterministic, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0));
        deterministic.Asked.Count.ShouldBe(K + 1, "a pass an iterate is enough");
    }

    [DeviceFact]
    public void What_judges_an_iterate_crafted_nothing_and_judges_no_other()
    {
        const int draws = 6;
        using var scope = NewDisposeScope();
        using var attacker = new Perceptron(noise: 0.3);
        using var target = new Perceptron(noise: 0.3);
        var curves = new IterateCurves([target], K, draws);
        using var attack = new Pgd(Attack(K, keep: KeepIterate.Best, restarts: 2, randomStart: true), new SeedTree(9));
        using var outcome = attack.Run(attacker, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0), seen: (k, x) => curves.Add(k, x, Indices(N), Labels(N)));
        target.Asked.Count.ShouldBe(draws * (K + 1));
        target.Asked.Distinct().Count().ShouldBe(draws * (K + 1));
        target.Asked.Intersect(attacker.Asked).ShouldBeEmpty();
        target.Asked.ShouldAllBe(draw => draw.Stream != RandomStream.Report);
        curves.Results().Single().Draws.ShouldBe(draws);
    }
}
