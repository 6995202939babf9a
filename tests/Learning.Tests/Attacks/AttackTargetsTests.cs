using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class AttackTargetsTests
{
    static readonly SeedTree Seeds = new(9);

    static long[] Of(AttackTarget target, Tensor labels, long[] indices, int epoch = 0, Tensor? clean = null) =>
        Integers(AttackTargets.Of(target, labels, indices, Seeds, epoch, clean)!);

    [DeviceFact]
    public void No_target_and_the_next_class()
    {
        using var scope = NewDisposeScope();
        var labels = tensor(new long[] { 0, 8, 9 }, [3]);
        AttackTargets.Of(AttackTarget.None, labels, Indices(3), Seeds, 0, null).ShouldBeNull();
        Of(AttackTarget.Next, labels, Indices(3)).ShouldBe([1L, 9, 0]);
    }

    [DeviceFact]
    public void A_random_class_is_never_the_true_one_and_each_other_one_is_as_likely()
    {
        const int n = 4500;
        using var scope = NewDisposeScope();
        var labels = full([n], 3, ScalarType.Int64);
        var classes = Of(AttackTarget.Random, labels, Indices(n));
        var counts = Enumerable.Range(0, 10).Select(c => classes.Count(drawn => drawn == c)).ToArray();
        counts[3].ShouldBe(0);
        counts.Where((_, c) => c != 3).ShouldAllBe(count => Math.Abs(count - (n / 9)) < 5 * Math.Sqrt(n / 9.0));
    }

    [DeviceFact]
    public void A_random_class_depends_on_the_image_and_the_epoch_and_on_nothing_else()
    {
        using var scope = NewDisposeScope();
        var labels = Labels(40);
        var all = Of(AttackTarget.Random, labels, Indices(40));
        Of(AttackTarget.Random, labels.narrow(0, 30, 10), Indices(10, 30)).ShouldBe(all[30..]);
        Of(AttackTarget.Random, labels, Indices(40), epoch: 1).ShouldNotBe(all);
    }

    [DeviceFact]
    public void The_least_likely_class_is_another_one_than_the_true_one()
    {
        using var scope = NewDisposeScope();
        var clean = tensor(new float[] { 5, -3, 2, -1, 5, -3, 2, -1 }, [2, 4]);
        Of(AttackTarget.LeastLikely, tensor(new long[] { 0, 1 }, [2]), Indices(2), clean: clean).ShouldBe([1L, 3]);
        Should.Throw<ArgumentNullException>(() => AttackTargets.Of(AttackTarget.LeastLikely, Labels(2), Indices(2), Seeds, 0, null)).Message.ShouldContain("clean logits");
    }

    [DeviceFact]
    public void The_least_likely_class_is_read_from_one_clean_draw_of_the_restart()
    {
        using var scope = NewDisposeScope();
        using var view = new Perceptron(noise: 0.3);
        using var attack = new Pgd(Attack(2) with { Target = AttackTarget.LeastLikely }, Seeds);
        using var outcome = attack.Run(view, Images(3), Labels(3), Indices(3), new AttackMoment(0, 0));
        view.Asked[0].ShouldBe(new Draw(RandomStream.Craft, 0, 3)); // after iterates 0..2
        view.Asked.Count(draw => draw.Index == 3).ShouldBe(1);
    }

    public static TheoryData<AttackTarget, AttackLoss, AttackNorm> Aims()
    {
        var aims = new TheoryData<AttackTarget, AttackLoss, AttackNorm>();
        foreach (var target in new[] { AttackTarget.Next, AttackTarget.Random, AttackTarget.LeastLikely })
            foreach (var loss in new[] { AttackLoss.CrossEntropy, AttackLoss.Margin, AttackLoss.Dlr })
                foreach (var norm in Enum.GetValues<AttackNorm>())
                    aims.Add(target, loss, norm);
        return aims;
    }

    [DeviceTheory]
    [MemberData(nameof(Aims))]
    public void A_targeted_attack_leads_more_images_to_its_class(AttackTarget target, AttackLoss loss, AttackNorm norm)
    {
        const int n = 30;
        using var scope = NewDisposeScope();
        using var view = new Perceptron();
        var images = Images(n);
        var labels = view.Classes(images);
        var l2 = norm == AttackNorm.L2;
        var spec = Attack(8, l2 ? 4 : 24 / 255.0, l2 ? 1 : 6 / 255.0, loss: loss) with { Norm = norm, Target = target };
        using var attack = new Pgd(spec, Seeds);
        using var outcome = attack.Run(view, images, labels, Indices(n), new AttackMoment(0, 0));
        var clean = view.Logits(images, Indices(n), default);
        var classes = AttackTargets.Of(target, labels, Indices(n), Seeds, 0, clean)!;
        classes.eq(labels).any().item<bool>().ShouldBeFalse();

        long Reached(Tensor x) => view.Logits(x, Indices(n), default).argmax(1).eq(classes).sum().item<long>();
        double Mean(Tensor x) => view.Logits(x, Indices(n), default).softmax(1).gather(1, classes.unsqueeze(1)).mean().item<float>();
        Reached(images).ShouldBe(0);
        Reached(outcome.Images).ShouldBeGreaterThan(n / 6);
        Mean(outcome.Images).ShouldBeGreaterThan(2 * Mean(images));
        outcome.Curve.CorrectAtStep[0].ShouldBe(n, "right still means the true class");
        outcome.Curve.CorrectAtStep[^1].ShouldBe((int)view.Logits(outcome.Images, Indices(n), default).argmax(1).eq(labels).sum().item<long>());
    }
}
