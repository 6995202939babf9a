using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class AttackObjectiveTests
{
    static readonly float[] Rows = [1, 5, 3, 2, 2, 5, -1, 0];

    [DeviceFact]
    public void Margin_is_own_logit_minus_the_best_other_one()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(Rows, [2, 4]);
        Values(AttackObjective.Margin(logits, tensor(new long[] { 1, 0 }, [2]))).ShouldBe([2f, -3f]);
        Values(AttackObjective.Of(AttackLoss.Margin, logits, tensor(new long[] { 1, 0 }, [2]), null)).ShouldBe([-2f, 3f]);
    }

    [DeviceFact]
    public void Difference_of_logits_ratio_ignores_shift_and_scale()
    {
        using var scope = NewDisposeScope();
        var (logits, labels) = (tensor(Rows, [2, 4]), tensor(new long[] { 1, 0 }, [2]));
        // Sorted rows: 5 3 2 1 and 5 2 0 -1.
        var ratio = Values(AttackObjective.DifferenceOfLogitsRatio(logits, labels));
        ratio[0].ShouldBe(-2f / 3, 1e-6);
        ratio[1].ShouldBe(3f / 5, 1e-6);
        LargestDifference(AttackObjective.DifferenceOfLogitsRatio(logits * 7 + 3, labels), AttackObjective.DifferenceOfLogitsRatio(logits, labels)).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }

    [DeviceFact]
    public void Divergence_is_zero_from_itself_and_the_written_sum_elsewhere()
    {
        using var scope = NewDisposeScope();
        var (p, q) = (tensor(Rows, [2, 4]), tensor(Rows, [2, 4]).flip(1));
        AttackObjective.Divergence(p, p).abs().max().item<float>().ShouldBeLessThan(1e-6f);
        var expected = (p.softmax(1) * (p.softmax(1) / q.softmax(1)).log()).sum(1);
        LargestDifference(AttackObjective.Divergence(p, q), expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
        Should.Throw<ArgumentNullException>(() => AttackObjective.Of(AttackLoss.Kl, p, tensor(new long[] { 1, 0 }, [2]), null)).Message.ShouldContain("clean");
    }

    [DeviceFact]
    public void Targeted_losses_are_highest_where_the_target_leads()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, target) = (tensor(Rows, [2, 4]), tensor(new long[] { 1, 0 }, [2]), tensor(new long[] { 0, 1 }, [2]));
        Tensor Of(AttackLoss loss, Tensor z) => AttackObjective.Of(loss, z, labels, target: target);
        Values(Of(AttackLoss.Margin, logits)).ShouldBe([-4f, 3f]);
        // -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2): -(5 - 1) / (5 - 1.5) and -(2 - 5) / (5 + 0.5).
        var ratio = Values(Of(AttackLoss.Dlr, logits));
        ratio[0].ShouldBe(-4f / 3.5f, 1e-6);
        ratio[1].ShouldBe(3f / 5.5f, 1e-6);
        LargestDifference(Of(AttackLoss.Dlr, logits * 7 + 3), Of(AttackLoss.Dlr, logits)).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
        LargestDifference(Of(AttackLoss.CrossEntropy, logits), logits.log_softmax(1).gather(1, target.unsqueeze(1)).flatten()).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
        foreach (var loss in new[] { AttackLoss.Kl, AttackLoss.Distillation })
            Should.Throw<ArgumentException>(() => AttackObjective.Of(loss, logits, labels, logits, target, logits)).Message.ShouldContain("aim");
    }

    [DeviceFact]
    public void Distance_from_a_teacher_is_its_cross_entropy()
    {
        using var scope = NewDisposeScope();
        var (logits, teacher) = (tensor(Rows, [2, 4]), tensor(new[] { 0.5f, 0.25f, 0.25f, 0, 0, 0, 0, 1 }, [2, 4]));
        var distance = Values(AttackObjective.Of(AttackLoss.Distillation, logits, tensor(new long[] { 1, 0 }, [2]), teacher: teacher));
        static double LogSum(params double[] z) => Math.Log(z.Sum(Math.Exp));
        distance[0].ShouldBe((float)(LogSum(1, 5, 3, 2) - ((0.5 * 1) + (0.25 * 5) + (0.25 * 3))), 1e-5f);
        distance[1].ShouldBe((float)(LogSum(2, 5, -1, 0) - 0), 1e-5f);
        Should.Throw<ArgumentNullException>(() => AttackObjective.Of(AttackLoss.Distillation, logits, Labels(2))).Message.ShouldContain("teacher");
    }
}
