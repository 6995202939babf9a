using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

/// <summary>What holds for every attack that the spec can name.</summary>
public sealed class AttackPropertyTests
{
    const int N = 4;
    static readonly AttackMoment Now = new(0, 0);

    public static TheoryData<AttackNorm, AttackLoss> NormsAndLosses()
    {
        var all = new TheoryData<AttackNorm, AttackLoss>();
        foreach (var norm in Enum.GetValues<AttackNorm>())
            foreach (var loss in Enum.GetValues<AttackLoss>())
                all.Add(norm, loss);
        return all;
    }

    // Everything beside norm and loss that makes an attack; radius and step are filled in.
    static IEnumerable<PgdSpec> Attacks(AttackNorm norm, AttackLoss loss, double epsilon, double step, int steps)
    {
        AttackTarget[] targets = loss is AttackLoss.Kl or AttackLoss.Distillation ? [AttackTarget.None] : Enum.GetValues<AttackTarget>();
        ExpectationSpec?[] expectations = [null, .. Enum.GetValues<ExpectationOf>().Select(of => new ExpectationSpec { Draws = 2, Of = of })];
        foreach (var target in targets)
            foreach (var expectation in expectations)
                foreach (var keep in Enum.GetValues<KeepIterate>())
                    foreach (var (start, restarts) in new[] { (false, 1), (true, 1), (true, 2) })
                    {
                        if ((!start && loss == AttackLoss.Kl) || (restarts > 1 && keep == KeepIterate.Frozen)) continue;
                        yield return Attack(steps, epsilon, step, restarts, start, loss, keep) with
                        {
                            Norm = norm, Target = target, Expectation = expectation, SelectingDraws = 2,
                            Gradient = start ? StepGradient.Accumulated : StepGradient.Fresh,
                        };
                    }
    }

    static Tensor Clean()
    {
        var images = Images(N);
        images.narrow(0, 0, 1).fill_(0); // at the edges of [0,1], where projection matters most
        images.narrow(0, 1, 1).fill_(1);
        return images;
    }

    static double Distance(AttackNorm norm, Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        var difference = (a.to(ScalarType.Float64) - b.to(ScalarType.Float64)).flatten(1);
        return norm == AttackNorm.Linf ? difference.abs().max().item<double>() : difference.square().sum(1).sqrt().max().item<double>();
    }

    static string Name(PgdSpec spec) => $"{spec.Target}, {spec.Expectation?.Of}, {spec.Keep}, start {spec.RandomStart}, {spec.Restarts} restarts";

    [DeviceTheory]
    [MemberData(nameof(NormsAndLosses))]
    public void The_images_stay_in_the_ball_and_in_the_unit_cube(AttackNorm norm, AttackLoss loss)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.3);
        var (images, teacher) = (Clean(), Images(N).narrow(1, 0, 1).flatten(1).narrow(1, 0, 10).softmax(1));
        var labels = view.Classes(images);
        var epsilon = norm == AttackNorm.Linf ? 20 / 255.0 : 1.5;
        foreach (var spec in Attacks(norm, loss, epsilon, 0.6 * epsilon, 3))
        {
            using var inner = NewDisposeScope();
            using var attack = new Pgd(spec, new SeedTree(9));
            var seen = 0;
            using var outcome = attack.Run(view, images, labels, Indices(N), Now, teacher, (k, x) =>
            {
                Inside(x, $"iterate {k}, {Name(spec)}");
                seen++;
            });
            Inside(outcome.Images, Name(spec));
            seen.ShouldBe(4);

            var distance = Distance(norm, outcome.Images, images);
            outcome.Curve.LargestPerturbation.ShouldBe(distance, 1e-7, Name(spec));
            if (spec.Keep == KeepIterate.Last) distance.ShouldBeGreaterThan(epsilon / 2, Name(spec));
            outcome.Curve.Survivors.Count.ShouldBe(4);
            outcome.Curve.Survivors.Zip(outcome.Curve.Survivors.Skip(1)).ShouldAllBe(pair => pair.First >= pair.Second, Name(spec));
            outcome.Curve.Survivors.Zip(outcome.Curve.CorrectAtStep).ShouldAllBe(pair => pair.First <= pair.Second, Name(spec));
        }

        void Inside(Tensor x, string what)
        {
            Distance(norm, x, images).ShouldBeLessThanOrEqualTo(epsilon + 1e-6, what);
            x.min().item<float>().ShouldBeGreaterThanOrEqualTo(0, what);
            x.max().item<float>().ShouldBeLessThanOrEqualTo(1, what);
        }
    }

    [DeviceTheory]
    [MemberData(nameof(NormsAndLosses))]
    public void A_ball_of_radius_zero_holds_the_clean_images_and_their_accuracy(AttackNorm norm, AttackLoss loss)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron();
        var (images, teacher) = (Clean(), full([N, 10], 0.1));
        var labels = view.Classes(images);
        labels.narrow(0, 0, 1).copy_(labels.narrow(0, 0, 1).add(1).remainder(10)); // one of four is wrong
        foreach (var spec in Attacks(norm, loss, 0, 0.1, 2))
        {
            using var inner = NewDisposeScope();
            using var attack = new Pgd(spec, new SeedTree(9));
            using var outcome = attack.Run(view, images, labels, Indices(N), Now, teacher);
            Same(outcome.Images, images).ShouldBeTrue(Name(spec));
            outcome.Curve.LargestPerturbation.ShouldBe(0);
            outcome.Curve.Survivors.Concat(outcome.Curve.CorrectAtStep).ShouldAllBe(right => right == N - 1, Name(spec));
        }
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf)]
    [InlineData(AttackNorm.L2)]
    public void Nothing_is_left_alive(AttackNorm norm)
    {
        using var view = new Perceptron(noise: 0.3);
        using var images = Clean();
        using var labels = view.Classes(images);
        void All()
        {
            foreach (var spec in Attacks(norm, AttackLoss.Margin, 0.1, 0.05, 2))
            {
                using var attack = new Pgd(spec, new SeedTree(9));
                using var outcome = attack.Run(view, images, labels, Indices(N), Now);
                using var alone = attack.Perturb(view, images, labels, Indices(N), Now);
                Same(outcome.Images, alone).ShouldBeTrue(Name(spec));
            }
        }
        All();
        var before = LiveTensors.Count();
        All();
        LiveTensors.Count().ShouldBe(before);
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf)]
    [InlineData(AttackNorm.L2)]
    public void More_steps_never_lower_the_crafting_loss_of_the_best_iterate(AttackNorm norm)
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron();
        var images = Images(20);
        var labels = view.Classes(images);
        Tensor Loss(Tensor x) => AttackObjective.Of(AttackLoss.Margin, view.Logits(x, Indices(20), default), labels);
        var before = Loss(images);
        var start = before.mean().item<float>();
        foreach (var steps in new[] { 1, 2, 3, 5, 8, 13 })
        {
            // A step wider than the ball makes last iterates bounce, so that only the best one can be monotone.
            var spec = norm == AttackNorm.Linf
                ? Attack(steps, 2 / 255.0, 5 / 255.0, loss: AttackLoss.Margin, keep: KeepIterate.Best)
                : Attack(steps, 0.3, 0.8, loss: AttackLoss.Margin, keep: KeepIterate.Best) with { Norm = norm };
            using var attack = new Pgd(spec, new SeedTree(9));
            var after = Loss(attack.Perturb(view, images, labels, Indices(20), Now));
            after.ge(before).all().item<bool>().ShouldBeTrue($"{steps} steps");
            before = after;
        }
        before.mean().item<float>().ShouldBeGreaterThan(start + 0.1f);
    }
}
