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

public sealed class PgdTests
{
    const int N = 6;
    static readonly SeedTree Seeds = new(9);
    static readonly AttackMoment Now = new(0, 0);

    // h of a teacher that leans to the class after the true one.
    static Tensor Teacher(int n) => nn.functional.one_hot(Labels(n).add(1).remainder(10), 10).to(ScalarType.Float32).mul(0.5).add(0.05);

    static AttackOutcome Run(AttackSpec spec, NetworkView view, Tensor images, int first = 0)
    {
        using var scope = NewDisposeScope();
        using var attack = new Pgd(spec, Seeds);
        var n = (int)images.shape[0];
        var own = Labels(first + n).narrow(0, first, n);
        var outcome = attack.Run(view, images, own, Indices(n, first), Now, spec.Loss == AttackLoss.Distillation ? Teacher(first + n).narrow(0, first, n) : null);
        outcome.Images.MoveToOuterDisposeScope();
        return outcome;
    }

    public static TheoryData<AttackLoss, KeepIterate, bool, int> Options()
    {
        var options = new TheoryData<AttackLoss, KeepIterate, bool, int>();
        foreach (var loss in Enum.GetValues<AttackLoss>())
            foreach (var keep in Enum.GetValues<KeepIterate>())
                foreach (var start in loss == AttackLoss.Kl ? [true] : new[] { true, false })
                    foreach (var restarts in keep == KeepIterate.Frozen ? [1] : new[] { 1, 2 })
                        options.Add(loss, keep, start, restarts);
        return options;
    }

    [DeviceTheory]
    [MemberData(nameof(Options))]
    public void Whatever_the_options_the_result_is_in_the_ball_and_in_the_unit_cube(AttackLoss loss, KeepIterate keep, bool start, int restarts)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.1), Seeds);
        var images = Images(N);
        images.narrow(0, 0, 1).fill_(0); // at the edges of [0,1], where projection matters most
        images.narrow(0, 1, 1).fill_(1);
        const double epsilon = 20 / 255.0;
        var spec = Attack(3, epsilon, 15 / 255.0, restarts, start, loss, keep);
        using var outcome = Run(spec, view, images);

        var distance = LargestDifference(outcome.Images, images);
        // Images that err at the clean image are frozen there.
        distance.ShouldBeInRange(keep == KeepIterate.Frozen && !start ? 0 : epsilon / 2, epsilon + 1e-6);
        outcome.Curve.LargestPerturbation.ShouldBe(distance, 1e-7);
        outcome.Images.min().item<float>().ShouldBeGreaterThanOrEqualTo(0);
        outcome.Images.max().item<float>().ShouldBeLessThanOrEqualTo(1);
        outcome.Curve.Images.ShouldBe(N);
        outcome.Curve.Survivors.Count.ShouldBe(4);
        outcome.Curve.Survivors.Zip(outcome.Curve.Survivors.Skip(1)).ShouldAllBe(pair => pair.First >= pair.Second);
        outcome.Curve.Survivors.Zip(outcome.Curve.CorrectAtStep).ShouldAllBe(pair => pair.First <= pair.Second);
    }

    [DeviceTheory]
    [InlineData(KeepIterate.Last, false)]
    [InlineData(KeepIterate.Best, true)]
    public void A_ball_of_radius_zero_leaves_the_clean_images_and_their_accuracy(KeepIterate keep, bool start)
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, Seeds);
        var images = Images(20);
        using var outcome = Run(Attack(2, 0, 2 / 255.0, randomStart: start, keep: keep), view, images);
        Same(outcome.Images, images).ShouldBeTrue();
        using var counts = SmoothedCounts.Of(view, images, Indices(20), RandomStream.Report, 1, 20);
        var clean = counts.Count(Labels(20)).Correct(Aggregation.Votes);
        outcome.Curve.Survivors.ShouldAllBe(survivors => survivors == clean);
        outcome.Curve.CorrectAtStep.ShouldAllBe(right => right == clean);
    }

    [DeviceFact]
    public void More_steps_never_lower_the_loss_of_the_best_iterate_and_fool_more()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, Seeds);
        var (images, labels) = (Images(N), Labels(N));
        using var frozen = view.Freeze();
        var before = AttackObjective.Margin(view.Logits(images, Indices(N), default), labels);
        foreach (var steps in new[] { 1, 2, 4, 8 })
        {
            // A step wider than the ball makes last iterates bounce, so that only the best one can be monotone.
            using var outcome = Run(Attack(steps, 8 / 255.0, 12 / 255.0, loss: AttackLoss.Margin, keep: KeepIterate.Best), view, images);
            var margin = AttackObjective.Margin(view.Logits(outcome.Images, Indices(N), default), labels);
            margin.le(before).all().item<bool>().ShouldBeTrue($"{steps} steps");
            before = margin;
        }
        var clean = AttackObjective.Margin(view.Logits(images, Indices(N), default), labels);
        before.lt(clean).all().item<bool>().ShouldBeTrue();
    }

    [DeviceFact]
    public void More_restarts_never_raise_a_margin()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, Seeds);
        var (images, labels) = (Images(N), Labels(N));
        Tensor Margins(int restarts)
        {
            using var outcome = Run(Attack(2, 8 / 255.0, 2 / 255.0, restarts, randomStart: true), view, images);
            using var frozen = view.Freeze();
            return AttackObjective.Margin(view.Logits(outcome.Images, Indices(N), default), labels);
        }
        var (one, three) = (Margins(1), Margins(3));
        three.le(one).all().item<bool>().ShouldBeTrue();
        Same(one, three).ShouldBeFalse();
    }

    [DeviceTheory]
    [InlineData(AttackLoss.CrossEntropy)]
    [InlineData(AttackLoss.Margin)]
    [InlineData(AttackLoss.Dlr)]
    [InlineData(AttackLoss.Kl)]
    [InlineData(AttackLoss.Distillation)]
    public void Every_loss_is_raised_by_its_attack(AttackLoss loss)
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, Seeds);
        var (images, labels) = (Images(N), Labels(N));
        using var outcome = Run(Attack(5, 4 / 255.0, 1 / 255.0, randomStart: loss == AttackLoss.Kl, loss: loss), view, images);
        using var frozen = view.Freeze();
        using var withoutGraph = no_grad();
        var clean = view.Logits(images, Indices(N), default);
        Tensor Loss(Tensor x) => AttackObjective.Of(loss, view.Logits(x, Indices(N), default), labels, clean, teacher: Teacher(N));
        Loss(outcome.Images).mean().item<float>().ShouldBeGreaterThan(Loss(images).mean().item<float>());
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf, 8 / 255.0, 2 / 255.0)]
    [InlineData(AttackNorm.L2, 0.5, 0.2)]
    public void Perturbed_images_depend_neither_on_the_batch_nor_on_the_shard(AttackNorm norm, double epsilon, double step)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.1), Seeds);
        var images = Images(N);
        var spec = Attack(3, epsilon, step, restarts: 2, randomStart: true, keep: KeepIterate.Best) with { Norm = norm };
        using var whole = Run(spec, view, images);
        using var first = Run(spec, view, images.narrow(0, 0, 4));
        using var rest = Run(spec, view, images.narrow(0, 4, 2), 4);
        // Another batch size may sum in another order, which moves a pixel only where its gradient is nearly zero.
        (cat([first.Images, rest.Images]) - whole.Images).abs().gt(1e-6).sum().item<long>().ShouldBeLessThan(20);
        first.Curve.Plus(rest.Curve).Survivors.ShouldBe(whole.Curve.Survivors);
        first.Curve.Plus(rest.Curve).CorrectAtStep.ShouldBe(whole.Curve.CorrectAtStep);
    }

    [DeviceFact]
    public void Crafting_selecting_and_starting_use_draws_of_their_own_and_never_the_reporting_ones()
    {
        using var scope = NewDisposeScope();
        var view = new ScriptedView((_, _) => new float[10]);
        var spec = Attack(3, restarts: 2, randomStart: true, keep: KeepIterate.Best);
        using var attack = new Pgd(spec, Seeds);
        using var outcome = attack.Run(view, Images(2), Labels(2), Indices(2), new AttackMoment(1, 5));
        using var later = attack.Run(view, Images(2), Labels(2), Indices(2), new AttackMoment(1, 6));

        view.Asked.ShouldAllBe(draw => draw.Epoch == 1);
        view.Asked.Select(draw => draw.Stream).Distinct().ShouldBe([RandomStream.Craft, RandomStream.Select], ignoreOrder: true);
        var crafting = view.Asked.Where(draw => draw.Stream == RandomStream.Craft).ToList();
        crafting.Count.ShouldBe(2 * 2 * 4); // two attacks, two restarts, iterates 0..3
        crafting.Distinct().Count().ShouldBe(crafting.Count, "a crafting draw came twice");
        var selecting = view.Asked.Where(draw => draw.Stream == RandomStream.Select).Distinct().ToList();
        selecting.Count.ShouldBe(2 * spec.SelectingDraws);
    }

    [DeviceFact]
    public void Mode_and_gradients_are_untouched_by_an_attack_and_by_a_failing_one()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, null, Seeds);
        var running = network.Module.state_dict()["bn1.running_mean"].clone();
        network.Module.train();
        using var outcome = Run(Attack(2), view, Images(N));
        using var attack = new Pgd(Attack(2), Seeds);
        Should.Throw<Exception>(() => attack.Run(view, Images(N), Labels(N).add(100), Indices(N), Now));
        network.Module.training.ShouldBeTrue();
        network.Module.modules().ShouldAllBe(module => module.training);
        foreach (var parameter in network.Module.parameters())
        {
            parameter.requires_grad.ShouldBeTrue();
            parameter.grad.ShouldBeNull();
        }
        Same(running, network.Module.state_dict()["bn1.running_mean"]).ShouldBeTrue("the attack moved batch statistics");
    }

    [DeviceFact]
    public void Perturbing_for_training_gives_the_images_of_a_full_run()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, null, Seeds, ImageNoiseLayout.Images);
        using var attack = new Pgd(Attack(3, randomStart: true), Seeds, ImageNoiseLayout.Images);
        long[] mixed = [44, 3, 17, 90, 2, 1000];
        using var outcome = attack.Run(view, Images(N), Labels(N), mixed, new AttackMoment(2, 8));
        Same(outcome.Images, attack.Perturb(view, Images(N), Labels(N), mixed, new AttackMoment(2, 8))).ShouldBeTrue();
        Same(outcome.Images, attack.Perturb(view, Images(N), Labels(N), mixed, new AttackMoment(2, 9))).ShouldBeFalse();
    }

    [DeviceFact]
    public void Pixels_outside_the_unit_interval_are_refused()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var view = new NetworkView(network, null, Seeds);
        Should.Throw<ArgumentException>(() => Run(Attack(1), view, Images(2).mul(255))).Message.ShouldContain("[0,1]");
        Should.Throw<ArgumentException>(() => Run(Attack(1), view, Images(2).mul(double.NaN))).Message.ShouldContain("[0,1]");
    }

    [DeviceFact]
    public void Weights_that_have_diverged_are_named_as_the_reason()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using (no_grad()) network.Module.get_parameter("fc.weight")!.mul_(double.NaN);
        using var view = new NetworkView(network, null, Seeds);
        Should.Throw<ArithmeticException>(() => Run(Attack(2), view, Images(2))).Message.ShouldContain("diverged");
    }

    [DeviceTheory]
    [InlineData(0, 1, 0.1, "steps")]
    [InlineData(1, 0, 0.1, "restarts")]
    [InlineData(1, 1, -0.1, "epsilon")]
    [InlineData(1, 1, 1.5, "epsilon")]
    public void A_field_that_makes_no_attack_is_named(int steps, int restarts, double epsilon, string field) =>
        Should.Throw<ArgumentException>(() => new Pgd(Attack(steps, epsilon, restarts: restarts), Seeds)).Message.ShouldContain(field);

    [DeviceFact]
    public void Divergence_without_a_random_start_is_refused() =>
        Should.Throw<ArgumentException>(() => new Pgd(Attack(loss: AttackLoss.Kl), Seeds)).Message.ShouldContain("randomStart");

    [DeviceTheory]
    [InlineData(KeepIterate.Last, 1)]
    [InlineData(KeepIterate.Best, 2)]
    [InlineData(KeepIterate.Frozen, 1)]
    public void No_tensor_is_left_behind(KeepIterate keep, int restarts)
    {
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.1), Seeds);
        using var images = Images(3);
        using var labels = Labels(3);
        using var attack = new Pgd(Attack(3, restarts: restarts, randomStart: true, keep: keep), Seeds);
        void Once()
        {
            using var outcome = attack.Run(view, images, labels, Indices(3), Now);
        }
        Once(); // view and attack keep their last blocks of noise
        var before = LiveTensors.Count();
        Once();
        Once();
        LiveTensors.Count().ShouldBe(before);
    }
}
