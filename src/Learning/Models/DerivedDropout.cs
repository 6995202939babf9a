using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// Dropout whose mask is derived from the draw of the forward pass instead of a global generator, so that a resumed
/// training drops the same values. Does nothing in evaluation.
/// </summary>
internal sealed class DerivedDropout : nn.Module<Tensor, Tensor>
{
    readonly double _probability;
    readonly NoiseSource _source;
    readonly int _layer;

    /// <summary>Drops each value with <paramref name="probability"/> in [0, 1) and divides the rest by its complement.</summary>
    public DerivedDropout(double probability, NoiseSource source)
        : base(nameof(DerivedDropout))
    {
        if (probability is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "architecture.dropout: expected 0 up to but without 1");
        (_probability, _source, _layer) = (probability, source, source.NextLayer());
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (!training) return input;
        using var scope = NewDisposeScope();
        var keep = 1 - _probability;
        var mask = empty_like(input).bernoulli_(keep, _source.Seeded("dropout", _layer, input.device)).div_(keep);
        return (input * mask).MoveToOuterDisposeScope();
    }
}
