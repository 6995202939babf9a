using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

/// <summary>The same weights on the CPU and on a GPU: what differs is rounding.</summary>
public sealed class DevicesAgreeTests
{
    [DeviceFact]
    public void Every_test_here_knows_the_device() => DeviceTests.Unaware(typeof(DevicesAgreeTests).Assembly).ShouldBeEmpty();

    [CudaFact]
    public void Logits_of_the_paper_s_network_agree()
    {
        using var scope = NewDisposeScope();
        var (cpu, gpu) = Pair(Wide(28, 4));
        using (cpu)
        using (gpu)
        {
            var images = Images(32).to(CPU);
            using var withoutGraph = no_grad();
            var expected = cpu.Module.call(images);
            var scale = Math.Max(1, expected.abs().max().item<float>());
            (LargestDifference(gpu.Module.call(images.to(CUDA)).cpu(), expected) / scale).ShouldBeLessThan(1e-4);
        }
    }

    [CudaFact]
    public void Attacked_images_agree_but_for_signs_of_gradients_near_zero()
    {
        using var scope = NewDisposeScope();
        var (cpu, gpu) = Pair(Wide(16, 2));
        using (cpu)
        using (gpu)
        {
            var images = Images(32).to(CPU);
            Tensor Attacked(Network network, Device device)
            {
                using var view = new NetworkView(network, null, new SeedTree(1));
                using var attack = new Pgd(Attack(steps: 10), new SeedTree(1));
                return attack.Perturb(view, images.to(device), Labels(32).to(device), Indices(32), new AttackMoment(0, 0)).cpu();
            }

            var (theirs, ours) = (Attacked(cpu, CPU), Attacked(gpu, CUDA));
            ((double)(ours - theirs).abs().gt(1e-6).sum().item<long>() / theirs.numel()).ShouldBeLessThan(0.02);
        }
    }

    static (Network Cpu, Network Gpu) Pair(ArchitectureSpec architecture)
    {
        var (cpu, gpu) = (ModelCatalog.Build(Shape(architecture: architecture), new SeedTree(3), CPU), ModelCatalog.Build(Shape(architecture: architecture), new SeedTree(4), CUDA));
        using (no_grad())
        {
            var weights = cpu.Module.state_dict();
            foreach (var (name, target) in gpu.Module.state_dict()) target.copy_(weights[name]);
        }
        cpu.Module.eval();
        gpu.Module.eval();
        return (cpu, gpu);
    }
}
