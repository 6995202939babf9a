using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

public sealed class DrawSharingTests
{
    static readonly Draw Any = new(RandomStream.Report, 0, 3);

    static NetworkView View(KdRobust.Learning.Models.Network network, double sigma = 0, DrawSharing sharing = DrawSharing.Image) =>
        new(network, Networks.Pixels(sigma), new SeedTree(5)) { Sharing = sharing };

    [DeviceFact]
    public void Every_image_has_a_draw_of_its_own_and_shared_draws_are_one()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var own = View(network);
        using var shared = View(network, sharing: DrawSharing.Shared);
        using var frozen = own.Freeze();
        using var withoutGraph = no_grad();
        var twins = Images(1).expand(4, -1, -1, -1).contiguous(); // the same picture four times
        var (apart, together) = (own.Logits(twins, Indices(4), Any), shared.Logits(twins, Indices(4), Any));
        for (var i = 1; i < 4; i++)
        {
            LargestDifference(apart.select(0, 0), apart.select(0, i)).ShouldBeGreaterThan(0.01);
            LargestDifference(together.select(0, 0), together.select(0, i)).ShouldBeLessThan(1e-4);
        }
        Same(own.Logits(twins, Indices(4), Any with { Index = 4 }), apart).ShouldBeFalse();
        Same(own.Logits(twins, Indices(4), Any with { Stream = RandomStream.Craft }), apart).ShouldBeFalse();
    }

    [DeviceTheory]
    [InlineData(0)]
    [InlineData(0.25)]
    public void An_image_answers_the_same_to_the_last_bit_in_every_batch_and_shard(double sigma)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = View(network, sigma);
        using var frozen = view.Freeze();
        using var withoutGraph = no_grad();
        var images = Images(7);
        var whole = view.Logits(images, Indices(7), Any);
        foreach (var (first, count) in new[] { (0, 3), (3, 4), (6, 1) })
            Same(view.Logits(images.narrow(0, first, count), Indices(count, first), Any), whole.narrow(0, first, count)).ShouldBeTrue($"{count} images from {first}");
        var mixed = view.Logits(images.flip(0), [.. Indices(7).Reverse()], Any);
        Same(mixed.flip(0), whole).ShouldBeTrue();
    }

    [DeviceFact]
    public void No_two_draws_of_images_and_no_shared_draw_are_the_same()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var own = View(network);
        using var shared = View(network, sharing: DrawSharing.Shared);
        using var frozen = own.Freeze();
        using var withoutGraph = no_grad();
        var picture = Images(1);
        var seen = new List<string>();
        void Ask(NetworkView view, long draw, long image) => seen.Add(string.Join(" ", Values(view.Logits(picture, [image], Any with { Index = draw }))));
        foreach (var (draw, image) in new (long, long)[] { (1, 23), (12, 3), (1, 2), (2, 1), (0, 0), (0, 3), (3, 0), (23, 1) }) Ask(own, draw, image);
        foreach (var draw in new long[] { 0, 1, 2, 3, 12, 23, 123 }) Ask(shared, draw, 0);
        seen.Distinct().Count().ShouldBe(15);
        Ask(shared, 1, 23);
        seen.Distinct().Count().ShouldBe(15, "a shared draw does not know the image");
    }

    [DeviceFact]
    public void Gradients_are_those_of_each_image_under_its_own_draw()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = View(network, 0.1);
        using var frozen = view.Freeze();
        var (images, labels) = (Images(4), Labels(4));
        Tensor Loss(Tensor logits) => nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.None);

        var (gradient, logits) = view.InputGradient(images, Indices(4), Any, Loss);

        // The same through one graph with all four samples of the weights in it.
        var leaf = images.clone().requires_grad_();
        var answers = view.Logits(leaf, Indices(4), Any);
        var whole = autograd.grad([Loss(answers).sum()], [leaf])[0];
        Same(logits, answers.detach()).ShouldBeTrue();
        LargestDifference(gradient, whole).ShouldBeLessThan(TestDevice.Tolerance(1e-6) * whole.abs().max().item<float>());
        for (var i = 0; i < 4; i++)
        {
            var label = labels.narrow(0, i, 1);
            var (alone, _) = view.InputGradient(images.narrow(0, i, 1), Indices(1, i), Any, l => nn.functional.cross_entropy(l, label, reduction: nn.Reduction.None));
            Same(alone, gradient.narrow(0, i, 1)).ShouldBeTrue($"image {i} in the batch and alone");
        }
    }

    [DeviceFact]
    public void An_objective_that_overflows_on_other_images_answers_leaves_the_gradient_finite()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = View(network);
        using var frozen = view.Freeze();
        var images = Images(3);
        Tensor real;
        using (no_grad()) real = view.Logits(images, Indices(3), Any);
        // 1 at the image's own answer, infinite at those of others.
        Tensor Steep(Tensor logits) => ((logits - real) * 1e5).exp().sum(1);
        var (gradient, _) = view.InputGradient(images, Indices(3), Any, Steep);
        gradient.isfinite().all().item<bool>().ShouldBeTrue();
        gradient.abs().max().item<float>().ShouldBeGreaterThan(0);
    }

    [DeviceFact]
    public void A_network_without_noise_is_asked_in_batches_either_way()
    {
        using var scope = NewDisposeScope();
        using var network = Build();
        using var own = View(network);
        using var shared = View(network, sharing: DrawSharing.Shared);
        using var frozen = own.Freeze();
        using var withoutGraph = no_grad();
        own.Deterministic.ShouldBeTrue();
        Same(own.Logits(Images(3), Indices(3), Any), shared.Logits(Images(3), Indices(3), Any)).ShouldBeTrue();
    }

    [DeviceFact]
    public void Training_with_a_draw_an_image_is_refused()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var view = View(network);
        network.Module.train();
        Should.Throw<InvalidOperationException>(() => view.Logits(Images(2), Indices(2), Any)).Message.ShouldContain("freeze");
    }

    [DeviceFact]
    public void Nothing_is_left_alive_by_passes_and_gradients_image_by_image()
    {
        using var network = Build(Colored);
        using var view = View(network, 0.1);
        using var images = Images(3);
        long Left()
        {
            var before = LiveTensors.Count();
            using (NewDisposeScope())
            using (view.Freeze())
            {
                view.Logits(images, Indices(3), Any);
                view.InputGradient(images, Indices(3), Any, logits => logits.sum(1));
            }
            return LiveTensors.Count() - before;
        }
        Left(); // the view keeps its last block of noise
        Left().ShouldBe(0);
    }
}
