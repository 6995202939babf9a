using FsCheck;
using FsCheck.Fluent;
using KdRobust.Support;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Tests.Autograd;

/// <summary>Autograd against numerical differentiation, for compositions that the per-operation fixtures do not hold.</summary>
public sealed class GradCheckTests
{
    const double Tolerance = 1e-7;

    static readonly Generator Draws = new(20240611);

    public static TheoryData<string> Compositions => [.. Functions.Keys];

    static readonly Dictionary<string, (Func<Tensor[], Tensor> Function, long[][] Shapes)> Functions = new(StringComparer.Ordinal)
    {
        ["convolution, batch norm, relu"] = (
            x => functional.relu(functional.batch_norm(functional.conv2d(x[0], x[1], padding: [1, 1]), zeros([3], ScalarType.Float64), ones([3], ScalarType.Float64), x[2], x[3], training: true)),
            [[2, 2, 4, 4], [3, 2, 3, 3], [3], [3]]),
        ["strided convolution and shortcut"] = (
            x => functional.conv2d(x[0], x[1], strides: [2, 2], padding: [1, 1]) + functional.conv2d(x[0], x[2], strides: [2, 2]),
            [[1, 2, 4, 4], [3, 2, 3, 3], [3, 2, 1, 1]]),
        ["coloured weight noise, with the path through the deviation"] = (
            x => x[0] + ((x[0].std() * x[1]).abs().sqrt() * Fixed(12) + x[2].matmul(Fixed(2))).view(3, 4),
            [[3, 4], [12], [12, 2]]),
        ["tempered distillation"] = (
            x => -(Fixed(4, 5).softmax(1) * (x[0] / 4).log_softmax(1)).sum(1).mean() * 16 + functional.cross_entropy(x[0], tensor(new long[] { 0, 3, 1, 4 })),
            [[4, 5]]),
        ["cross entropy with smoothed labels"] = (
            x => functional.cross_entropy(x[0], tensor(new long[] { 0, 3, 1, 4 }), label_smoothing: 0.1), [[4, 5]]),
        ["mean of softmax over draws"] = (x => x[0].softmax(2).mean([0]).log(), [[3, 2, 4]]),
        ["division, powers and roots"] = (x => (x[0] * x[0] + 1).sqrt() / (x[1].exp() + 2).pow((Scalar)1.5), [[3, 4], [4]]),
        ["norm of a row"] = (x => x[0].norm(1, false, 2), [[3, 4]]),
        ["variance over dims"] = (x => x[0].var([0, 2], unbiased: true), [[2, 3, 4]]),
        ["pooling and interpolation"] = (
            x => functional.interpolate(functional.avg_pool2d(x[0], [2, 2]), size: [4, 4], mode: InterpolationMode.Bilinear, align_corners: false), [[1, 2, 4, 4]]),
        ["gather, select and cat"] = (
            x => cat([x[0].gather(1, tensor(new long[] { 0, 2, 2, 1 }, [2, 2])), x[0].select(1, 1).unsqueeze(1), x[1]], 1), [[2, 3], [2, 1]]),
        ["permuted and expanded"] = (x => (x[0].permute(1, 2, 0) * x[1].expand([3, 4, 2])).flip(0), [[2, 3, 4], [4, 1]]),
        ["written in place"] = (x => { var y = x[0].clone(); y.mul_(x[1]); y.add_(x[1], 0.5); return y.sigmoid(); }, [[3, 4], [4]]),
    };

    [DeviceTheory]
    [MemberData(nameof(Compositions))]
    public void Agrees_with_differences(string composition)
    {
        using var scope = NewDisposeScope();
        var (function, shapes) = Functions[composition];
        var inputs = shapes.Select(shape => randn(shape, ScalarType.Float64, generator: Draws)).ToArray();
        NumericalGradient.Error(function, inputs).ShouldBeLessThan(Tolerance);
    }

    [DeviceFact]
    public void Second_derivatives_agree_with_differences()
    {
        using var scope = NewDisposeScope();
        var x = randn([3, 4], ScalarType.Float64, generator: Draws);
        NumericalGradient.Error(
            inputs =>
            {
                using var recorded = set_grad_enabled(); // The differences are taken without.
                return autograd.grad([(inputs[0].tanh() * inputs[0]).pow((Scalar)2).sum()], [inputs[0]], create_graph: true)[0];
            },
            x).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }

    [DeviceFact]
    public void Only_the_inputs_that_were_asked_for_get_a_gradient()
    {
        using var scope = NewDisposeScope();
        var images = randn([2, 3, 4, 4], generator: Draws).requires_grad_();
        var weight = randn([4, 3, 3, 3], generator: Draws).requires_grad_();
        var gradient = autograd.grad([functional.conv2d(images, weight).sum()], [images]);

        gradient.Count.ShouldBe(1);
        gradient[0].shape.ShouldBe(images.shape);
        images.grad.ShouldBeNull();
        weight.grad.ShouldBeNull();

        functional.conv2d(images, weight).sum().backward(inputs: [images]);
        images.grad.ShouldNotBeNull();
        weight.grad.ShouldBeNull();
    }

    [DeviceFact]
    public void Gradients_add_up_until_they_are_cleared()
    {
        using var scope = NewDisposeScope();
        var x = ones([2]).requires_grad_();
        x.sum().backward();
        x.mul((Scalar)3).sum().backward();
        x.grad!.cpu().data<float>().ToArray().ShouldBe([4f, 4f]);
        x.grad = null;
        x.sum().backward();
        x.grad!.cpu().data<float>().ToArray().ShouldBe([1f, 1f]);
    }

    [DeviceFact]
    public void No_grad_and_inference_mode_end_with_their_block()
    {
        using var scope = NewDisposeScope();
        var x = ones([2]).requires_grad_();
        using (no_grad())
        {
            (x * 2).requires_grad.ShouldBeFalse();
            using (set_grad_enabled())
                (x * 2).requires_grad.ShouldBeTrue();
            (x * 2).requires_grad.ShouldBeFalse();
        }
        (x * 2).requires_grad.ShouldBeTrue();
        using (inference_mode())
            (x * 2).requires_grad.ShouldBeFalse();
        (x * 2).requires_grad.ShouldBeTrue();
    }

    [DeviceFact]
    public void Detached_values_carry_no_gradient()
    {
        using var scope = NewDisposeScope();
        var x = ones([3]).requires_grad_();
        var y = x * x.detach();
        autograd.grad([y.sum()], [x])[0].cpu().data<float>().ToArray().ShouldBe([1f, 1f, 1f]);
        y.is_leaf.ShouldBeFalse();
        x.is_leaf.ShouldBeTrue();
    }

    [DeviceFact]
    public void Retain_grad_keeps_the_gradient_of_an_inner_tensor()
    {
        using var scope = NewDisposeScope();
        var x = ones([2]).requires_grad_();
        var inner = x * 3;
        inner.retain_grad();
        (inner * 2).sum().backward();
        inner.grad!.cpu().data<float>().ToArray().ShouldBe([2f, 2f]);
    }

    [DeviceFact]
    public void An_unused_input_is_an_error_unless_allowed()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones([2]).requires_grad_(), unused = ones([2]).requires_grad_();
        Should.Throw<Exception>(() => autograd.grad([x.sum()], [x, unused])).Message.ShouldContain("grad");
        var gradients = autograd.grad([x.sum()], [x, unused], allow_unused: true);
        gradients[0].ShouldNotBeNull();
        gradients[1].ShouldBeNull();
    }

    /// <summary>The gradient of a broadcast operand is the sum over what it was broadcast to.</summary>
    [DeviceFact]
    public void Gradients_of_broadcast_operands_are_sums() =>
        Prop.ForAll(
            Gen.Choose(1, 4).ArrayOf(3).Zip(Gen.Elements(true, false).ArrayOf(3)).ToArbitrary(),
            drawn =>
            {
                using var scope = NewDisposeScope();
                long[] full = [.. drawn.Item1.Select(size => (long)size)];
                long[] small = [.. full.Zip(drawn.Item2, (size, keep) => keep ? size : 1)];
                var a = randn(full, ScalarType.Float64).requires_grad_();
                var b = randn(small, ScalarType.Float64).requires_grad_();
                var gradients = autograd.grad([(a * b).sum()], [a, b]);
                var expected = a.detach();
                for (var dim = 0; dim < 3; dim++)
                    if (!drawn.Item2[dim])
                        expected = expected.sum(dim, keepdim: true);
                return gradients[0].shape.SequenceEqual(full)
                    && gradients[1].shape.SequenceEqual(small)
                    && (gradients[1] - expected).abs().max().item<double>() < 1e-12;
            }).QuickCheckThrowOnFailure();

    /// <summary>Differentiation is linear, whatever the factors.</summary>
    [DeviceFact]
    public void Differentiation_is_linear() =>
        Prop.ForAll(
            Gen.Choose(-100, 100).Two().ToArbitrary(),
            factors =>
            {
                using var scope = NewDisposeScope();
                double a = factors.Item1 / 10.0, b = factors.Item2 / 10.0;
                var x = randn([5], ScalarType.Float64).requires_grad_();
                var together = autograd.grad([(x.exp() * a + x.tanh() * b).sum()], [x])[0];
                var apart = autograd.grad([x.exp().sum()], [x])[0] * a + autograd.grad([x.tanh().sum()], [x])[0] * b;
                return (together - apart).abs().max().item<double>() < 1e-10;
            }).QuickCheckThrowOnFailure();

    static Tensor Fixed(params long[] shape) => randn(shape, ScalarType.Float64, generator: new Generator(3));
}
