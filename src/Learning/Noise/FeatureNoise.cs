using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// Noise on the activations that enter (site <c>input</c>) or leave (site <c>output</c>) a noisy convolution, in training
/// and in evaluation; its parameters are the layer's, named after the site. It is scaled by the deviation of the
/// activations over one image's own C H W values (unbiased). SIAM's public code takes it over the whole batch, by which an
/// image's answer depends on the images that happen to come with it; here it never does.
/// </summary>
/// <param name="site">Enters names and seeds.</param>
/// <param name="size">[C, H, W] of one image's activations.</param>
/// <param name="source">Under which draw, and for which images.</param>
/// <param name="layer">The layer's number in seeds.</param>
internal abstract class FeatureNoise(string site, long[] size, NoiseSource source, int layer)
{
    /// <summary>What is learned, with names inside the layer.</summary>
    public abstract IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

    /// <summary>[C, H, W]</summary>
    protected IReadOnlyList<long> Size => size;

    /// <summary>Under which draw, and for which images.</summary>
    protected NoiseSource Source => source;

    /// <summary>The layer's number in seeds.</summary>
    protected int Layer => layer;

    /// <summary>Keeps this noise apart from the layer's other noise.</summary>
    protected string Kind { get; } = $"{site}-activations";

    /// <summary>A parameter's name inside the layer, e.g. <c>input_noise_d</c>.</summary>
    protected string Named(string parameter) => $"{site}_noise_{parameter}";

    /// <summary>Activations with noise.</summary>
    /// <param name="features">[N, C, H, W]</param>
    /// <returns>[N, C, H, W]</returns>
    public Tensor Add(Tensor features)
    {
        if (features.dim() != 4 || !features.shape.AsSpan(1).SequenceEqual(size))
            throw new ArgumentException($"the {site} noise of layer {layer} expected activations [N, {string.Join(", ", size)}], got [{string.Join(", ", features.shape)}]", nameof(features));
        using var scope = NewDisposeScope();
        return (features + Noise(features)).MoveToOuterDisposeScope();
    }

    /// <summary>What is added to [N, C, H, W]; its temporaries belong to the caller's scope.</summary>
    protected abstract Tensor Noise(Tensor features);
}
