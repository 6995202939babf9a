using KdRobust.Domain.Experiments;
using KdRobust.Learning.Distillation;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Distillation;

public sealed class DistillationVariantTests
{
    const int N = 4, K = 10;

    static Tensor Logits(int seed) => arange(N * K, ScalarType.Float32).add(seed).mul(1.7).sin().mul(3).reshape(N, K);

    // Votes with exact zeros, as 8 draws give them.
    static Tensor Votes() => tensor(Enumerable.Range(0, N).SelectMany(i => Enumerable.Range(0, K).Select(c => c == i ? 0.625f : c == i + 3 ? 0.375f : 0)).ToArray(), [N, K]);

    static double[] Softmax(double[] scores)
    {
        var powers = scores.Select(s => Math.Exp(s)).ToArray();
        return [.. powers.Select(p => p / powers.Sum())];
    }

    static double[] Row(float[] values, int row) => [.. values.Skip(row * K).Take(K).Select(v => (double)v)];

    // D of one image, written out.
    static double Written(DistillationVariant variant, double[] h, double[] z, double temperature)
    {
        var u = Softmax([.. z.Select(v => v / temperature)]);
        var t = Softmax([.. h.Select(v => v / temperature)]);
        var logOfT = Softmax(t).Select(p => Math.Log(p)).ToArray();
        return variant switch
        {
            DistillationVariant.Correct => -h.Zip(u, (a, b) => a * Math.Log(b)).Sum(),
            DistillationVariant.Kl => h.Zip(u, (a, b) => a == 0 ? 0 : a * Math.Log(a / b)).Sum(),
            DistillationVariant.MseProb => h.Zip(u, (a, b) => (a - b) * (a - b)).Sum(),
            DistillationVariant.AsCoded => -u.Zip(logOfT, (a, b) => a * b).Sum(),
            _ => throw new ArgumentOutOfRangeException(nameof(variant)),
        };
    }

    [DeviceTheory]
    [InlineData(DistillationVariant.Correct, 1)]
    [InlineData(DistillationVariant.Correct, 4)]
    [InlineData(DistillationVariant.Kl, 2)]
    [InlineData(DistillationVariant.MseProb, 2)]
    [InlineData(DistillationVariant.AsCoded, 2)]
    [InlineData(DistillationVariant.AsCoded, 20)]
    public void Every_variant_is_its_written_formula(DistillationVariant variant, double temperature)
    {
        using var scope = NewDisposeScope();
        var (votes, logits) = (Votes(), Logits(1));

        var distance = DistillationLoss.Distance(variant, votes, logits, temperature).item<float>();

        var (h, z) = (Values(votes), Values(logits));
        ((double)distance).ShouldBe(Enumerable.Range(0, N).Average(i => Written(variant, Row(h, i), Row(z, i), temperature)), 2e-6);
    }

    [DeviceFact]
    public void Kl_has_the_gradient_of_the_soft_cross_entropy_and_vanishes_where_the_student_agrees()
    {
        using var scope = NewDisposeScope();
        var (votes, student) = (Votes(), Logits(2).requires_grad_());
        Tensor Gradient(DistillationVariant variant) => autograd.grad([DistillationLoss.Distance(variant, votes, student, 2)], [student])[0];

        LargestDifference(Gradient(DistillationVariant.Kl), Gradient(DistillationVariant.Correct)).ShouldBeLessThan(TestDevice.Tolerance(1e-8));
        var same = Logits(3);
        DistillationLoss.Distance(DistillationVariant.Kl, same.div(2).softmax(1), same, 2).item<float>().ShouldBe(0, 1e-6);
    }

    /// <summary>Method A.9: at T = 2 a one-hot vote leaves the whole term 4 w 0.0609 nats to move in, and .0305 w of gradient.</summary>
    [DeviceTheory]
    [InlineData(0.75)]
    [InlineData(0.25)]
    public void The_term_as_coded_is_almost_nothing(double w)
    {
        using var scope = NewDisposeScope();
        var vote = zeros([1, K]);
        vote.select(1, 3).fill_(1);
        var loss = new TrainingLoss(0, w, 0, 2, DistillationVariant.AsCoded);
        var label = tensor(new long[] { 3 });
        double Term(Tensor logits) => w * 4 * loss.Clean(logits, label, vote).Distance!.item<float>();
        Tensor Sure(int c)
        {
            var logits = zeros([1, K]);
            logits.select(1, c).fill_(200);
            return logits;
        }

        (Term(Sure(4)) - Term(Sure(3))).ShouldBe(4 * w * 0.0609, 4 * w * 0.00005);

        double LargestGradient(Tensor logits)
        {
            var leaf = logits.requires_grad_();
            var term = DistillationLoss.Distance(DistillationVariant.AsCoded, vote, leaf, 2).mul(w * 4);
            return autograd.grad([term], [leaf])[0].abs().max().item<float>();
        }
        // Half of the student's tempered mass on the class of the vote: u (1-u) is largest.
        var halfway = zeros([1, K]);
        halfway.select(1, 3).fill_(2 * Math.Log(9));
        LargestGradient(halfway).ShouldBe(0.0305 * w, 0.00005 * w);
        using var generator = new Generator(5);
        for (var i = 0; i < 50; i++) LargestGradient(randn([1, K], generator: generator).mul(6)).ShouldBeLessThanOrEqualTo(0.0305 * w);
    }

    [DeviceFact]
    public void Tempered_labels_are_the_floored_powers_and_hold_no_zero()
    {
        using var scope = NewDisposeScope();
        var (votes, floor, temperature) = (Votes(), 1.0 / 8, 2.0);

        var softened = Values(TemperedLabels.Of(votes, floor, temperature));

        var h = Values(votes);
        for (var i = 0; i < N; i++)
        {
            var powers = Row(h, i).Select(v => Math.Pow(v + (floor / K), 1 / temperature)).ToArray();
            Row(softened, i).Zip(powers, (got, power) => Math.Abs(got - (power / powers.Sum()))).ShouldAllBe(error => error < 1e-6);
        }
        softened.Min().ShouldBeGreaterThan(0);
        TemperedLabels.Of(votes, null, temperature).ShouldBeSameAs(votes);
    }
}
