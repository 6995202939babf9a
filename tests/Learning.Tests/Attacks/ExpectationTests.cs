using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Tests.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class ExpectationTests
{
    const int N = 4;

    static ExpectationSpec Of(ExpectationOf of, int draws = 5) => new() { Draws = draws, Of = of };

    static Draw Craft(int j) => new(RandomStream.Craft, 0, j);

    static Tensor Objective(AttackLoss loss, Tensor logits) =>
        AttackObjective.Of(loss, logits, Labels(N), clean: Labels(N).view(-1, 1).add(arange(10, ScalarType.Int64)).remainder(3).to(ScalarType.Float32), teacher: full([N, 10], 0.1));

    public static TheoryData<ExpectationOf, AttackLoss> Modes()
    {
        var modes = new TheoryData<ExpectationOf, AttackLoss>();
        foreach (var of in Enum.GetValues<ExpectationOf>())
            foreach (var loss in Enum.GetValues<AttackLoss>())
                modes.Add(of, loss);
        return modes;
    }

    [DeviceTheory]
    [MemberData(nameof(Modes))]
    public void The_gradient_is_that_of_all_graphs_at_once(ExpectationOf of, AttackLoss loss)
    {
        const int draws = 5;
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.5);
        var images = Images(N);
        var (gradient, answer) = new Expectation(view, Of(of, draws)).Gradient(images, Indices(N), Craft, logits => Objective(loss, logits));

        var leaf = images.clone().requires_grad_();
        var all = Enumerable.Range(0, draws).Select(j => view.Logits(leaf, Indices(N), Craft(j))).ToList();
        var mean = of == ExpectationOf.MeanLogit ? stack(all).mean([0]) : stack(all).softmax(2).mean([0]).log();
        var total = of == ExpectationOf.MeanLoss ? stack(all.Select(logits => Objective(loss, logits))).mean([0]) : Objective(loss, mean);
        var expected = autograd.grad([total.sum()], [leaf])[0];

        LargestDifference(gradient, expected).ShouldBeLessThan(TestDevice.Tolerance(2e-5) * expected.abs().max().item<float>());
        LargestDifference(answer, mean).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
        LargestDifference(new Expectation(view, Of(of, draws)).Answer(images, Indices(N), Craft), answer).ShouldBe(0);
        gradient.requires_grad.ShouldBeFalse();
        answer.requires_grad.ShouldBeFalse();
    }

    [DeviceFact]
    public void The_mean_of_losses_is_the_mean_of_single_gradients_of_a_noisy_network()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Pixels(0.1), new SeedTree(9));
        using var frozen = view.Freeze();
        var images = Images(N);
        static Tensor Loss(Tensor logits) => Objective(AttackLoss.CrossEntropy, logits);
        var expected = stack(Enumerable.Range(0, 3).Select(j => view.InputGradient(images, Indices(N), Craft(j), Loss).Gradient)).mean([0]);
        var (gradient, _) = new Expectation(view, Of(ExpectationOf.MeanLoss, 3)).Gradient(images, Indices(N), Craft, Loss);
        LargestDifference(gradient, expected).ShouldBeLessThan(TestDevice.Tolerance(1e-6) * expected.abs().max().item<float>());
    }

    [DeviceTheory]
    [InlineData(ExpectationOf.MeanLoss)]
    [InlineData(ExpectationOf.MeanProbability)]
    [InlineData(ExpectationOf.MeanLogit)]
    public void One_draw_in_expectation_is_that_draw(ExpectationOf of)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.5);
        var spec = Attack(3, restarts: 2, randomStart: true, keep: KeepIterate.Best);
        using var single = new Pgd(spec, new SeedTree(9));
        using var one = new Pgd(spec with { Expectation = Of(of, 1) }, new SeedTree(9));
        using var many = new Pgd(spec with { Expectation = Of(of, 6) }, new SeedTree(9));
        Tensor Images(Pgd attack) => attack.Perturb(view, Networks.Images(N), Labels(N), Indices(N), new AttackMoment(1, 7));
        Same(Images(single), Images(one)).ShouldBeTrue();
        Same(Images(single), Images(many)).ShouldBeFalse();
    }

    [DeviceTheory]
    [InlineData(ExpectationOf.MeanLoss)]
    [InlineData(ExpectationOf.MeanProbability)]
    [InlineData(ExpectationOf.MeanLogit)]
    public void A_deterministic_view_is_asked_once_an_iterate(ExpectationOf of)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron();
        using var attack = new Pgd(Attack(3) with { Expectation = Of(of, 50) }, new SeedTree(9));
        using var outcome = attack.Run(view, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0));
        view.Asked.Count.ShouldBe(4);
    }

    [DeviceFact]
    public void Survivors_count_by_the_mean_of_what_is_averaged()
    {
        using var scope = NewDisposeScope();
        // Two draws in three say class 1 narrowly, one says class 0 loudly.
        var view = new ScriptedView((draw, _) => draw % 3 == 2 ? [9, 0, 0, 0, 0, 0, 0, 0, 0, 0] : [0, 1.5f, 0, 0, 0, 0, 0, 0, 0, 0]);
        int Right(ExpectationOf of, long label)
        {
            using var attack = new Pgd(Attack(1) with { Expectation = Of(of, 3) }, new SeedTree(9));
            using var outcome = attack.Run(view, Images(1), tensor(new[] { label }, [1]), Indices(1), new AttackMoment(0, 0));
            outcome.Curve.CorrectAtStep[0].ShouldBe(outcome.Curve.CorrectAtStep[1]);
            return outcome.Curve.CorrectAtStep[1];
        }
        // Mean probabilities: class 0 (1 + 2 * 0.074) / 3 = 0.38, class 1 2 * 0.33 / 3 = 0.22; mean logits 3 and 1.
        foreach (var of in Enum.GetValues<ExpectationOf>())
        {
            Right(of, 0).ShouldBe(1);
            Right(of, 1).ShouldBe(0);
        }
    }

    [DeviceFact]
    public void Probabilities_too_small_for_a_float_are_averaged()
    {
        using var scope = NewDisposeScope();
        var view = new ScriptedView((draw, _) => [draw * 300, 0, 0, 0, 0, 0, 0, 0, 0, -500]);
        var answer = new Expectation(view, Of(ExpectationOf.MeanProbability, 3)).Answer(Images(1), Indices(1), Craft);
        answer.isfinite().all().item<bool>().ShouldBeTrue();
        // Of class 9 only the first draw counts: exp(-500) / 9 over three.
        answer[0, 9].item<float>().ShouldBe((float)(-500 - Math.Log(9) - Math.Log(3)), 1e-3f);
    }

    [DeviceTheory]
    [InlineData(ExpectationOf.MeanLoss)]
    [InlineData(ExpectationOf.MeanProbability)]
    [InlineData(ExpectationOf.MeanLogit)]
    public void Tensors_alive_grow_neither_with_draws_nor_with_steps(ExpectationOf of)
    {
        long Most(int draws, int steps)
        {
            using var scope = NewDisposeScope();
            using var view = new Perceptron(noise: 0.5);
            var before = LiveTensors.Count();
            using var attack = new Pgd(Attack(steps, keep: KeepIterate.Best) with { Expectation = Of(of, draws), Gradient = StepGradient.Accumulated }, new SeedTree(9));
            using var outcome = attack.Run(view, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0));
            return view.MostAlive - before;
        }
        var few = Most(3, 3);
        Most(40, 3).ShouldBe(few);
        Most(3, 30).ShouldBe(few);
    }
}
