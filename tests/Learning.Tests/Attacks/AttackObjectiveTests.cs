using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class AttackObjectiveTests
{
    static readonly float[] Rows = [1, 5, 3, 2, 2, 5, -1, 0];

    [Fact]
    public void Margin_is_own_logit_minus_the_best_other_one()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(Rows, [2, 4]);
        Values(AttackObjective.Margin(logits, tensor(new long[] { 1, 0 }, [2]))).ShouldBe([2f, -3f]);
        Values(AttackObjective.Of(AttackLoss.Margin, logits, tensor(new long[] { 1, 0 }, [2]), null)).ShouldBe([-2f, 3f]);
    }

    [Fact]
    public void Difference_of_logits_ratio_ignores_shift_and_scale()
    {
        using var scope = NewDisposeScope();
        var (logits, labels) = (tensor(Rows, [2, 4]), tensor(new long[] { 1, 0 }, [2]));
        // Sorted rows: 5 3 2 1 and 5 2 0 -1.
        var ratio = Values(AttackObjective.DifferenceOfLogitsRatio(logits, labels));
        ratio[0].ShouldBe(-2f / 3, 1e-6);
        ratio[1].ShouldBe(3f / 5, 1e-6);
        LargestDifference(AttackObjective.DifferenceOfLogitsRatio(logits * 7 + 3, labels), AttackObjective.DifferenceOfLogitsRatio(logits, labels)).ShouldBeLessThan(1e-6);
    }

    [Fact]
    public void Divergence_is_zero_from_itself_and_the_written_sum_elsewhere()
    {
        using var scope = NewDisposeScope();
        var (p, q) = (tensor(Rows, [2, 4]), tensor(Rows, [2, 4]).flip(1));
        AttackObjective.Divergence(p, p).abs().max().item<float>().ShouldBeLessThan(1e-6f);
        var expected = (p.softmax(1) * (p.softmax(1) / q.softmax(1)).log()).sum(1);
        LargestDifference(AttackObjective.Divergence(p, q), expected).ShouldBeLessThan(1e-5);
        Should.Throw<ArgumentNullException>(() => AttackObjective.Of(AttackLoss.Kl, p, tensor(new long[] { 1, 0 }, [2]), null)).Message.ShouldContain("clean");
    }
}
