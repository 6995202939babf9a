using KdRobust.Support;
using KdRobust.Torch.Tests.Memory;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Autograd;

/// <summary>Functions whose gradient is written in C#.</summary>
public sealed class CustomFunctionTests
{
    /// <summary>scale * x^2; its gradient is written out and says so by a factor of its own.</summary>
    sealed class ScaledSquare : autograd.SingleTensorFunction<ScaledSquare>
    {
        internal static int Backwards { get; set; }

        public override string Name => nameof(ScaledSquare);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, scale) = ((Tensor)vars[0], (double)vars[1]);
            ctx.save_for_backward([x]);
            ctx.save_data("scale", scale);
            return x * x * scale;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            Backwards++;
            return [grad_output * ctx.get_saved_variables()[0] * (2 * (double)ctx.get_data("scale")), null!];
        }
    }

    /// <summary>Identity forward; the gradient passes only where the value lies within [-1, 1].</summary>
    sealed class ClippedGradient : autograd.SingleTensorFunction<ClippedGradient>
    {
        public override string Name => nameof(ClippedGradient);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            return x.clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [grad_output * ctx.get_saved_variables()[0].abs().le((TorchSharp.Scalar)1).to(grad_output.dtype)];
    }

    sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((Tensor)vars[0]).clone();

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            throw new InvalidOperationException("this gradient is not known");
    }

    [DeviceFact]
    public void The_gradient_agrees_with_differences()
    {
        using var scope = NewDisposeScope();
        NumericalGradient.Error(x => ScaledSquare.apply(x[0], 1.5), randn([3, 4], ScalarType.Float64, generator: new Generator(4))).ShouldBeLessThan(TestDevice.Tolerance(1e-7));
    }

    [DeviceFact]
    public void The_written_gradient_is_the_one_that_is_used()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { -2f, 0.5f, 3f }, [3]).requires_grad_();
        (ClippedGradient.apply(x) * 7).sum().backward();
        x.grad!.cpu().data<float>().ToArray().ShouldBe([0f, 7f, 0f]);
    }

    [DeviceFact]
    public void Works_in_the_middle_of_a_graph_and_more_than_once()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f }, [2]).requires_grad_();
        var before = ScaledSquare.Backwards;
        var y = ScaledSquare.apply(ScaledSquare.apply(x.mul((TorchSharp.Scalar)2), 1.0), 0.5); // 8 x^4
        autograd.grad([y.sum()], [x])[0].cpu().data<float>().ToArray().ShouldBe([32f, 256f]);
        (ScaledSquare.Backwards - before).ShouldBe(2);
    }

    [DeviceFact]
    public void Without_a_gradient_nothing_is_recorded()
    {
        using var scope = NewDisposeScope();
        ScaledSquare.apply(ones([2]), 1.0).requires_grad.ShouldBeFalse();
        using var off = no_grad();
        ScaledSquare.apply(ones([2]).requires_grad_(), 1.0).requires_grad.ShouldBeFalse();
    }

    [DeviceFact]
    public void An_exception_of_the_gradient_reaches_the_caller()
    {
        using var scope = NewDisposeScope();
        var y = Failing.apply(ones([2]).requires_grad_()).sum();
        Should.Throw<Exception>(() => y.backward()).ToString().ShouldContain("this gradient is not known");
    }

    [DeviceFact]
    public void Saved_tensors_and_the_context_are_freed()
    {
        static void Once()
        {
            using var scope = NewDisposeScope();
            var x = ones([4]).requires_grad_();
            ScaledSquare.apply(x, 1.0).sum().backward();
        }

        Once();
        var live = LiveTensors.Settled();
        for (var i = 0; i < 100; i++)
            Once();
        LiveTensors.Settled().ShouldBe(live);
    }
}
