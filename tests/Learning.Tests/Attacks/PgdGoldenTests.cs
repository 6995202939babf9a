using KdRobust.Learning.Attacks;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class PgdGoldenTests
{
    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Ten_steps_give_the_golden_images_logits_and_accuracy()
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        using var network = FromGolden(golden);
        using var view = new NetworkView(network, null, new SeedTree(0));
        var (images, labels) = (GoldenImages(golden), GoldenLabels(golden));
        var spec = Attack(10, golden.Scalar("pgd_eps"), golden.Scalar("pgd_step"));
        using var attack = new Pgd(spec, new SeedTree(0));
        using var outcome = attack.Run(view, images, labels, Indices(16), new AttackMoment(0, 0));
        using var first = new Pgd(spec with { Steps = 1 }, new SeedTree(0));
        using var afterOne = first.Run(view, images, labels, Indices(16), new AttackMoment(0, 0));

        var nearZero = golden.Scalars("pgd_near_zero_grad_elements");
        Differing(afterOne.Images, GoldenTensor(golden, "pgd_after_1")).ShouldBeLessThanOrEqualTo((long)nearZero[0]);
        Differing(outcome.Images, GoldenTensor(golden, "pgd_after_10")).ShouldBeLessThanOrEqualTo((long)nearZero.Sum());

        using var frozen = view.Freeze();
        var logits = view.Logits(outcome.Images, Indices(16), default);
        LargestDifference(logits, GoldenTensor(golden, "pgd_logits_after_10")).ShouldBeLessThan(TestDevice.Tolerance(3e-5));
        outcome.Curve.CorrectAtStep[0].ShouldBe((int)golden.Scalar("pgd_clean_correct"));
        outcome.Curve.CorrectAtStep[10].ShouldBe((int)golden.Scalar("pgd_adv_correct"));
        outcome.Curve.LargestPerturbation.ShouldBeLessThanOrEqualTo(golden.Scalar("pgd_eps") + 1e-6);
        var losses = golden.Scalars("pgd_ce_before_each_step_and_final");
        nn.functional.cross_entropy(view.Logits(afterOne.Images, Indices(16), default), labels).item<float>().ShouldBe((float)losses[1], 1e-4);
        nn.functional.cross_entropy(logits, labels).item<float>().ShouldBe((float)losses[10], 1e-4);
    }

    static long Differing(Tensor images, Tensor expected) => (images - expected).abs().gt(1e-6).sum().item<long>();
}
