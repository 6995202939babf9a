using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

public sealed class FreezeTests
{
    [DeviceFact]
    public void Every_module_gets_its_own_mode_back_also_after_an_exception()
    {
        using var network = Build(Colored);
        var fixedNorm = network.Module.named_modules().Single(m => m.name == "block2.layer.0.bn1").module;
        network.Module.train();
        fixedNorm.eval();
        Should.Throw<InvalidOperationException>(() =>
        {
            using var frozen = network.Freeze();
            network.Module.modules().ShouldAllBe(module => !module.training);
            network.Module.parameters().ShouldAllBe(parameter => !parameter.requires_grad);
            throw new InvalidOperationException("in the middle of an attack");
        });
        fixedNorm.training.ShouldBeFalse();
        network.Module.training.ShouldBeTrue();
        network.Module.modules().Where(module => module != fixedNorm).ShouldAllBe(module => module.training);
        network.Module.parameters().ShouldAllBe(parameter => parameter.requires_grad);
        network.Source.Frozen.ShouldBeFalse();
    }

    [DeviceFact]
    public void Frozen_and_thawed_passes_of_a_draw_are_bit_equal()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, Networks.Pixels(0.1), new SeedTree(2));
        network.Module.eval();
        var images = Images(3);
        var draw = new Draw(RandomStream.Report, 0, 4);
        var thawed = view.Logits(images, Indices(3), draw).detach();
        using (view.Freeze())
        {
            Same(thawed, view.Logits(images, Indices(3), draw)).ShouldBeTrue();
            Same(thawed, view.Logits(images, Indices(3), new Draw(RandomStream.Report, 0, 5))).ShouldBeFalse();
            Same(thawed, view.Logits(images, Indices(3), draw)).ShouldBeTrue("the kept sample of another draw was used");
        }
    }

    [DeviceFact]
    public void A_sample_kept_while_frozen_does_not_outlive_a_change_of_weights()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = new NetworkView(network, null, new SeedTree(2));
        network.Module.eval();
        var images = Images(2);
        var draw = new Draw(RandomStream.Report, 0, 4);
        Tensor before, after;
        using (view.Freeze()) before = view.Logits(images, Indices(2), draw);
        using (no_grad()) network.Module.get_parameter("conv1.weight")!.mul_(1.5);
        using (view.Freeze()) after = view.Logits(images, Indices(2), draw);
        Same(before, after).ShouldBeFalse();
    }
}
