using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class FrozenCandidateTests
{
    const int N = 24;
    const int K = 5;

    [DeviceTheory]
    [InlineData(AttackNorm.Linf, 0.5 / 255, 0.2 / 255)]
    [InlineData(AttackNorm.L2, 0.11, 0.05)]
    public void An_image_stops_at_its_first_error_and_else_ends_where_its_class_is_least_probable(AttackNorm norm, double epsilon, double step)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.15);
        var images = Images(N);
        var labels = view.Classes(images);
        var iterates = new List<Tensor>();
        using var attack = new Pgd(Attack(K, epsilon, step, keep: KeepIterate.Frozen) with { Norm = norm }, new SeedTree(9));
        using var outcome = attack.Run(view, images, labels, Indices(N), new AttackMoment(0, 0),
            seen: (k, x) =>
            {
                iterates.Count.ShouldBe(k);
                iterates.Add(x.clone().DetachFromDisposeScope());
            });
        iterates.Count.ShouldBe(K + 1);
        Same(iterates[0], images).ShouldBeTrue();

        // Asked again under the crafting draw of each iterate, image by image.
        var right = new bool[K + 1, N];
        var probability = new float[K + 1, N];
        for (var k = 0; k <= K; k++)
        {
            var logits = view.Logits(iterates[k], Indices(N), new Draw(RandomStream.Craft, 0, k));
            var answers = Integers(logits.argmax(1).eq(labels));
            var own = Values(logits.softmax(1).gather(1, labels.unsqueeze(1)).flatten());
            for (var i = 0; i < N; i++) (right[k, i], probability[k, i]) = (answers[i] == 1, own[i]);
        }
        var steps = Enumerable.Range(0, K + 1).ToList();
        var fallen = 0;
        for (var i = 0; i < N; i++)
        {
            var error = steps.FindIndex(k => !right[k, i]);
            var kept = error >= 0 ? error : steps.MinBy(k => probability[k, i]);
            if (error >= 0) fallen++;
            Same(outcome.Images[i], iterates[kept][i]).ShouldBeTrue($"image {i}, first error {error}");
            for (var k = 1; k <= K; k++)
                Same(iterates[k][i], iterates[k - 1][i]).ShouldBe(error >= 0 && k > error, $"image {i} at iterate {k}, first error {error}");
        }
        fallen.ShouldBeInRange(3, N - 3, "both kinds of images are needed");
        // The curve is one minus the cumulative success.
        outcome.Curve.Survivors.ShouldBe(steps.Select(k => Enumerable.Range(0, N).Count(i => Enumerable.Range(0, k + 1).All(j => right[j, i]))));
        outcome.Curve.CorrectAtStep.ShouldBe(steps.Select(k => Enumerable.Range(0, N).Count(i => right[k, i])));
        foreach (var iterate in iterates) iterate.Dispose();

        Same(attack.Perturb(view, images, labels, Indices(N), new AttackMoment(0, 0)), outcome.Images).ShouldBeTrue("training sees the same");
    }

    [DeviceFact]
    public void Freezing_is_refused_with_restarts() =>
        Should.Throw<ArgumentException>(() => new Pgd(Attack(restarts: 2, randomStart: true, keep: KeepIterate.Frozen), new SeedTree(1))).Message.ShouldContain("restarts");

    [DeviceFact]
    public void An_error_is_one_of_the_expectation_where_there_is_one()
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.4);
        var images = Images(N);
        var labels = view.Classes(images);
        var expectation = new ExpectationSpec { Draws = 16, Of = ExpectationOf.MeanProbability };
        AttackOutcome Run(ExpectationSpec? spec)
        {
            using var attack = new Pgd(Attack(1, 0, 0, keep: KeepIterate.Frozen) with { Expectation = spec }, new SeedTree(9));
            return attack.Run(view, images, labels, Indices(N), new AttackMoment(0, 0));
        }
        using var single = Run(null);
        using var mean = Run(expectation);
        // One draw errs by luck more often than the mean of sixteen does.
        mean.Curve.Survivors[0].ShouldBeGreaterThan(single.Curve.Survivors[0]);
    }
}
