using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// The one thing the noisy layers of a network share: under which draw the next forward pass happens, and which images it
/// is about. Every layer derives its own seed from (root, stream, epoch, layer, draw), and noise that each image has for
/// itself from the image's index too, so that nothing depends on what was drawn before it or comes along with it.
/// </summary>
/// <remarks>
/// While frozen, a layer keeps its noisy weights until the draw changes: many batches then pay for one sample. Weights
/// must not change while frozen.
/// </remarks>
internal sealed class NoiseSource : IDisposable
{
    readonly List<INoisyLayer> _layers = [];
    Generator? _generator;
    (SeedTree Seeds, Draw Draw)? _fixed;
    long[] _images = [];
    bool _off;
    int _frozen;
    int _derivedLayers;

    /// <summary>Noisy layers, in the order of construction.</summary>
    public IReadOnlyList<INoisyLayer> Layers => _layers;

    /// <summary>True while weights are promised not to change.</summary>
    public bool Frozen => _frozen > 0;

    /// <summary>Grows whenever a kept sample no longer fits: another draw, noise switched, frozen or thawed.</summary>
    public long Version { get; private set; }

    /// <summary>Index in its split of each image of the next forward pass; empty when nobody said.</summary>
    public ReadOnlySpan<long> Images => _images;

    /// <summary>True when the network is asked without noise in weights and activations.</summary>
    public bool IsOff => _off;

    /// <summary>Registers a noisy layer; returns its number in seeds.</summary>
    public int Register(INoisyLayer layer)
    {
        _layers.Add(layer);
        return NextLayer();
    }

    /// <summary>
    /// The number of a layer that draws noise of another kind, such as dropout, or that could be noisy and is not: the layers
    /// after it then keep their numbers, and with them their noise.
    /// </summary>
    public int NextLayer() => _derivedLayers++;

    /// <summary>
    /// The rows that the following forward passes are of a larger batch: (first, rows of the whole). Noise that is drawn per row
    /// is then that of the whole batch. Null when a pass is a batch of its own.
    /// </summary>
    public (long First, long Whole)? Part { get; set; }

    /// <summary>Lets the following forward passes happen under this draw.</summary>
    /// <param name="seeds">Root of all draws.</param>
    /// <param name="draw">Which draw.</param>
    /// <param name="images">Index of each image of the batch in its split; needed by noise that each image has for itself.</param>
    public void Fix(SeedTree seeds, Draw draw, ReadOnlySpan<long> images = default)
    {
        if (!images.SequenceEqual(_images)) _images = images.ToArray(); // noisy weights stay: they are the batch's, whoever is in it
        if (!_off && _fixed is { } last && last.Draw == draw && last.Seeds.Root == seeds.Root) return;
        _fixed = (seeds, draw);
        _off = false;
        Version++;
    }

    /// <summary>Lets the following forward passes use the mean weights and clean activations. Dropout in training still needs a draw.</summary>
    public void Off()
    {
        if (_off) return;
        _off = true;
        Version++;
    }

    /// <summary>A generator at the start of this layer's noise under the fixed draw; valid until the next call.</summary>
    /// <param name="kind">Keeps noise of different kinds apart: <c>weights</c>, <c>dropout</c>, <c>input-activations</c>, <c>output-activations</c>.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="device">Where the noise is made.</param>
    public Generator Seeded(string kind, int layer, Device device)
    {
        var (seeds, draw) = Fixed();
        return At(
            draw.Image is { } image
                ? seeds.Seed(kind, draw.Stream, draw.Epoch, layer, draw.Index, image)
                : seeds.Seed(kind, draw.Stream, draw.Epoch, layer, draw.Index),
            device);
    }

    /// <summary>A generator at the start of this layer's noise for one image under the fixed draw; valid until the next call.</summary>
    /// <inheritdoc cref="Seeded(string, int, Device)"/>
    /// <param name="kind">Keeps noise of different kinds apart.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="image">The image's index in its split.</param>
    /// <param name="device">Where the noise is made.</param>
    public Generator Seeded(string kind, int layer, long image, Device device)
    {
        var (seeds, draw) = Fixed();
        return At(seeds.Seed(kind, draw.Stream, draw.Epoch, layer, draw.Index, image), device);
    }

    (SeedTree Seeds, Draw Draw) Fixed() => _fixed ?? throw new InvalidOperationException(
        "a noisy network was asked without a draw: call it through a NetworkView, or fix a draw (or switch the noise off) before the forward pass");

    Generator At(long seed, Device device)
    {
        _generator ??= new Generator(0, device);
        _generator.manual_seed(seed);
        return _generator;
    }

    /// <summary>Promises unchanged weights until the matching <see cref="Thaw"/>.</summary>
    public void Freeze()
    {
        _frozen++;
        Version++;
    }

    /// <summary>Takes the promise back and frees kept samples.</summary>
    public void Thaw()
    {
        if (--_frozen > 0) return;
        Version++;
        foreach (var layer in _layers) layer.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers) layer.Release();
        _generator?.Dispose();
        _generator = null;
    }
}
