using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class NoiseDiagonalTests
{
    [DeviceTheory]
    [InlineData(DiagonalForm.Absolute)]
    [InlineData(DiagonalForm.LogVariance)]
    [InlineData(DiagonalForm.Softplus)]
    public void Every_form_starts_at_the_diagonal_whatever_its_size(DiagonalForm form)
    {
        using var scope = NewDisposeScope();
        foreach (var diagonal in new[] { 1e-12, 1e-8, 1e-5, 0.9e-3, 1.1e-3, 0.0625, Math.Log(2), 1, 10, 200 })
        {
            var d = NoiseDiagonal.Start(form, diagonal);
            // In float64 to the last digits; in float32 what d's own rounding leaves: exp(d + |d| 2^-24).
            NoiseDiagonal.Of(form, full([1], d, ScalarType.Float64)).item<double>().ShouldBe(diagonal, diagonal * 1e-11, $"{diagonal}");
            NoiseDiagonal.Of(form, full([1], d)).item<float>().ShouldBe((float)diagonal, diagonal * 5e-6, $"{diagonal}");
        }
    }

    [DeviceFact]
    public void Starts_are_the_inverse_functions()
    {
        NoiseDiagonal.Start(DiagonalForm.Absolute, 0.0625).ShouldBe(0.0625);
        NoiseDiagonal.Start(DiagonalForm.Absolute, 0).ShouldBe(0);
        NoiseDiagonal.Start(DiagonalForm.LogVariance, 0.0625).ShouldBe(Math.Log(0.0625));
        NoiseDiagonal.Start(DiagonalForm.Softplus, Math.Log(2)).ShouldBe(0, 1e-15);
        NoiseDiagonal.Start(DiagonalForm.Softplus, 1).ShouldBe(Math.Log(Math.E - 1), 1e-15);
        NoiseDiagonal.Start(DiagonalForm.Softplus, 1e6).ShouldBe(1e6);
        // Both branches meet where they change.
        NoiseDiagonal.Start(DiagonalForm.Softplus, 1e-3).ShouldBe(NoiseDiagonal.Start(DiagonalForm.Softplus, Math.BitDecrement(1e-3)), 1e-12);
        foreach (var form in new[] { DiagonalForm.LogVariance, DiagonalForm.Softplus })
            Should.Throw<ArgumentException>(() => NoiseDiagonal.Start(form, 0)).Message.ShouldContain("noise.diagonal");
    }

    [DeviceFact]
    public void Slopes_are_the_sign_the_exponential_and_the_sigmoid()
    {
        using var scope = NewDisposeScope();
        var d = tensor(new[] { -80f, -20, -1, -0.1f, 0, 0.1f, 1, 20, 80 }).requires_grad_();
        Tensor Slope(DiagonalForm form) => autograd.grad([NoiseDiagonal.Of(form, d).sum()], [d])[0];
        Same(Slope(DiagonalForm.Absolute), d.detach().sign()).ShouldBeTrue();
        Same(Slope(DiagonalForm.LogVariance), d.detach().exp()).ShouldBeTrue();
        var sigmoid = d.detach().to(ScalarType.Float64).sigmoid();
        ((Slope(DiagonalForm.Softplus).to(ScalarType.Float64) - sigmoid).abs() / sigmoid).max().item<double>().ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }
}
