using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

/// <summary>Single steps and whole attacks against the same written out.</summary>
public sealed class StepTests
{
    const int N = 5;
    static readonly SeedTree Seeds = new(9);

    static FgsmSpec Fgsm(AttackNorm norm, double epsilon) => new()
    {
        Norm = norm, Epsilon = Fraction.Of(epsilon), Loss = AttackLoss.CrossEntropy, Target = AttackTarget.None, Expectation = null,
    };

    static Tensor CrossEntropy(Tensor logits) => AttackObjective.Of(AttackLoss.CrossEntropy, logits, Labels(N));

    static Tensor Perturb(AttackSpec spec, IClassifier view, AttackMoment moment = default)
    {
        using var attack = new Pgd(spec, Seeds);
        return attack.Perturb(view, Images(N), Labels(N), Indices(N), moment);
    }

    [DeviceFact]
    public void Fgsm_is_one_signed_step_of_the_whole_radius()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, null, Seeds);
        using var frozen = view.Freeze();
        const double epsilon = 8 / 255.0;
        var gradient = view.InputGradient(Images(N), Indices(N), new Draw(RandomStream.Craft, 0, 0), CrossEntropy).Gradient;
        var expected = (Images(N) + (gradient.sign() * epsilon)).clamp(0, 1);
        LargestDifference(Perturb(Fgsm(AttackNorm.Linf, epsilon), view), expected).ShouldBeLessThan(TestDevice.Tolerance(1e-7));
    }

    [DeviceFact]
    public void Fgsm_in_l2_follows_the_normalised_gradient()
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron();
        const double epsilon = 0.7;
        var gradient = view.InputGradient(Images(N), Indices(N), default, CrossEntropy).Gradient;
        var length = gradient.flatten(1).square().sum(1).sqrt().view(-1, 1, 1, 1);
        var expected = (Images(N) + (gradient / length * epsilon)).clamp(0, 1);
        LargestDifference(Perturb(Fgsm(AttackNorm.L2, epsilon), view), expected).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf, 8 / 255.0)]
    [InlineData(AttackNorm.L2, 0.7)]
    public void Fgsm_is_pgd_with_one_step_of_the_radius(AttackNorm norm, double epsilon)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.3);
        var expectation = new ExpectationSpec { Draws = 3, Of = ExpectationOf.MeanLogit };
        foreach (var of in new[] { null, expectation })
        {
            using var fgsm = new Pgd(Fgsm(norm, epsilon) with { Expectation = of }, Seeds);
            using var pgd = new Pgd(Attack(1, epsilon, epsilon) with { Norm = norm, Expectation = of }, Seeds);
            using var first = fgsm.Run(view, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0));
            using var second = pgd.Run(view, Images(N), Labels(N), Indices(N), new AttackMoment(0, 0));
            Same(first.Images, second.Images).ShouldBeTrue();
            first.Curve.Survivors.ShouldBe(second.Curve.Survivors);
        }
        Should.Throw<ArgumentException>(() => new Pgd(Fgsm(norm, epsilon) with { Loss = AttackLoss.Kl }, Seeds)).Message.ShouldContain("fgsm");
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf)]
    [InlineData(AttackNorm.L2)]
    public void Accumulated_steps_follow_the_sum_of_all_gradients_so_far(AttackNorm norm)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.5);
        var (epsilon, step) = norm == AttackNorm.Linf ? (8 / 255.0, 2 / 255.0) : (1.0, 0.25);
        Tensor Of(StepGradient gradient, int steps) => Perturb(Attack(steps, epsilon, step) with { Norm = norm, Gradient = gradient }, view);
        Same(Of(StepGradient.Fresh, 1), Of(StepGradient.Accumulated, 1)).ShouldBeTrue("there is one gradient yet");
        Same(Of(StepGradient.Fresh, 2), Of(StepGradient.Accumulated, 2)).ShouldBeFalse();

        const int steps = 4;
        using var ball = AttackBall.Of(norm, Images(N), epsilon);
        var (x, sum) = (Images(N), zeros_like(Images(N)));
        for (var k = 0; k < steps; k++)
        {
            sum += view.InputGradient(x, Indices(N), new Draw(RandomStream.Craft, 0, k), CrossEntropy).Gradient;
            x = ball.Project((ball.Direction(sum) * step) + x);
        }
        Same(Of(StepGradient.Accumulated, steps), x).ShouldBeTrue();
    }

    [DeviceFact]
    public void Every_restart_accumulates_anew()
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.5);
        PgdSpec Of(StepGradient gradient) => Attack(1, restarts: 3, randomStart: true, keep: KeepIterate.Best) with { Gradient = gradient };
        Same(Perturb(Of(StepGradient.Fresh), view), Perturb(Of(StepGradient.Accumulated), view)).ShouldBeTrue();
    }

    [DeviceTheory]
    [InlineData(KeepIterate.Last, 1, false)]
    [InlineData(KeepIterate.Last, 2, true)]
    [InlineData(KeepIterate.Best, 2, true)]
    public void The_linf_attack_is_this_loop_to_the_last_digit(KeepIterate keep, int restarts, bool randomStart)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Pixels(0.1), Seeds);
        using var frozen = view.Freeze();
        using var withoutGraph = no_grad();
        using var starts = new ImageNoise(Seeds, ImageNoiseLayout.Blocks);
        const int steps = 3;
        const double epsilon = 8 / 255.0, step = 2 / 255.0;
        var moment = new AttackMoment(2, 7);
        var (images, labels) = (Images(N), Labels(N));
        var (lower, upper) = (images.sub(epsilon).clamp(0, 1), images.add(epsilon).clamp(0, 1));
        Tensor? kept = null, margins = null;
        for (var restart = 0; restart < restarts; restart++)
        {
            var x = images;
            if (randomStart)
                x = (images + (starts.Uniform(images, Indices(N), new Draw(RandomStream.AttackStart, 2, (7 * restarts) + restart)) * epsilon)).clamp(lower, upper);
            for (var k = 0; k <= steps; k++)
            {
                if (keep == KeepIterate.Best || k == steps)
                {
                    var margin = zeros(N);
                    for (var j = 0; j < 8; j++)
                        margin += AttackObjective.Margin(view.Logits(x, Indices(N), new Draw(RandomStream.Select, 2, (7 * 8) + j)), labels);
                    margin /= 8;
                    var lowest = margins is null ? ones(N, ScalarType.Bool) : margin.lt(margins);
                    kept = kept is null ? x : x.where(lowest.view(-1, 1, 1, 1), kept);
                    margins = margins is null ? margin : margin.where(lowest, margins);
                }
                if (k == steps) break;
                var draw = new Draw(RandomStream.Craft, 2, (((7 * restarts) + restart) * (steps + 2)) + k);
                var gradient = view.InputGradient(x, Indices(N), draw, CrossEntropy).Gradient;
                x = ((gradient.sign() * step) + x).clamp(lower, upper);
            }
        }
        Same(Perturb(Attack(steps, epsilon, step, restarts, randomStart, keep: keep), view, moment), kept!).ShouldBeTrue();
    }
}
