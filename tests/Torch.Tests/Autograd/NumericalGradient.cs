using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Autograd;

/// <summary>Compares autograd with central differences, in float64.</summary>
static class NumericalGradient
{
    const double Step = 1e-6;

    /// <summary>Largest error of autograd's gradients of sum(function(inputs) * upstream), relative to 1 + |gradient|.</summary>
    /// <param name="function">Of float64 tensors, smooth at them.</param>
    /// <param name="inputs">Float64; every one is differentiated.</param>
    internal static double Error(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var leaves = inputs.Select(input => input.detach().clone().requires_grad_()).ToArray();
        var output = function(leaves);
        var upstream = randn(output.shape, ScalarType.Float64, generator: new Generator(17));
        var gradients = autograd.grad([output], leaves, [upstream]);

        using var plain = no_grad();
        var largest = 0.0;
        for (var i = 0; i < leaves.Length; i++)
        {
            gradients[i].shape.ShouldBe(leaves[i].shape);
            var values = gradients[i].contiguous().cpu().data<double>().ToArray();
            var flat = leaves[i].detach().view(-1);
            for (var j = 0; j < values.Length; j++)
            {
                var numerical = (At(j, Step) - At(j, -Step)) / (2 * Step);
                largest = Math.Max(largest, Math.Abs(numerical - values[j]) / (1 + Math.Abs(numerical)));
            }

            double At(long position, double shift)
            {
                using var inner = NewDisposeScope();
                var cell = flat.narrow(0, position, 1);
                var before = cell.clone();
                cell.add_(full([1], shift, ScalarType.Float64));
                var value = (function(leaves) * upstream).sum().item<double>();
                cell.copy_(before);
                return value;
            }
        }
        return largest;
    }
}
