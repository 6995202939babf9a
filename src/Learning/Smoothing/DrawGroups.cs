using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// The sums of every aggregation over groups of draws, for the bootstrap: draw m belongs to group m mod <see cref="Groups"/>,
/// however many draws there are, so memory does not grow with them. In float32, which counts exactly up to 2^24.
/// </summary>
/// <param name="aggregations">How many.</param>
/// <param name="images">N.</param>
/// <param name="classes">K.</param>
/// <param name="device">Where the sums live.</param>
internal sealed class DrawGroups(int aggregations, long images, long classes, Device device) : IDisposable
{
    /// <summary>Groups at most.</summary>
    public const int Groups = 16;

    /// <summary>Draws below which their spread cannot be told.</summary>
    public const int FewestDraws = 8;

    readonly Tensor _sums = zeros([aggregations, Groups, images, classes], ScalarType.Float32, device).DetachFromDisposeScope();

    /// <summary>Adds the terms of one draw, [N, K].</summary>
    public void Add(int aggregation, int draw, Tensor terms)
    {
        using var scope = NewDisposeScope();
        _sums.select(0, aggregation).select(0, draw % Groups).add_(terms);
    }

    /// <summary>The groups of one aggregation that got a draw, [G, N, K]; a part of these sums.</summary>
    public Tensor Of(int aggregation, int draws) => _sums.select(0, aggregation).narrow(0, 0, Math.Min(draws, Groups));

    /// <inheritdoc/>
    public void Dispose() => _sums.Dispose();
}
