using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>Labels softened to the student's temperature.</summary>
internal static class TemperedLabels
{
    /// <summary>(h + floor / K)^(1/T), each row normalised to 1; votes hold exact zeros, which no power softens, hence the floor.</summary>
    /// <param name="labels">h [..., K], rows sum to 1.</param>
    /// <param name="floor">Above 0; null leaves h as it is.</param>
    /// <param name="temperature">T.</param>
    /// <returns>As <paramref name="labels"/>; the same tensor without a floor.</returns>
    public static Tensor Of(Tensor labels, double? floor, double temperature)
    {
        if (floor is not { } share) return labels;
        using var scope = NewDisposeScope();
        var softened = labels.add(share / labels.shape[^1]).pow(1 / temperature);
        return (softened / softened.sum(dim: -1, keepdim: true)).MoveToOuterDisposeScope();
    }
}
