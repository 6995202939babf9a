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
        var mask = Whole(input).bernoulli_(keep, _source.Seeded("dropout", _layer, input.device)).div_(keep);
        if (_source.Part is { } part) mask = mask.narrow(0, part.First, input.shape[0]);
        return (input * mask).MoveToOuterDisposeScope();
    }

    // A part of a batch drops what the whole batch would.
    Tensor Whole(Tensor input) =>
        _source.Part is { } part ? empty([part.Whole, .. input.shape[1..]], input.dtype, input.device) : empty_like(input);
}
