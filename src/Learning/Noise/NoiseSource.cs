using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// The one thing the noisy layers of a network share: under which draw the next forward pass happens. Every layer derives
/// its own seed from (root, stream, epoch, layer, draw), so that no layer's noise depends on what was drawn before it.
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
    bool _off;
    int _frozen;
    int _derivedLayers;

    /// <summary>Layers with noisy weights, in the order of construction.</summary>
    public IReadOnlyList<INoisyLayer> Layers => _layers;

    /// <summary>True while weights are promised not to change.</summary>
    public bool Frozen => _frozen > 0;

    /// <summary>Grows whenever a kept sample no longer fits: another draw, noise switched, frozen or thawed.</summary>
    public long Version { get; private set; }

    /// <summary>True when the weights are asked without noise.</summary>
    public bool IsOff => _off;

    /// <summary>Registers a layer whose weights are noisy; returns its number in seeds.</summary>
    public int Register(INoisyLayer layer)
    {
        _layers.Add(layer);
        return NextLayer();
    }

    /// <summary>The number of a layer that draws noise of another kind, such as dropout.</summary>
    public int NextLayer() => _derivedLayers++;

    /// <summary>
    /// The rows that the following forward passes are of a larger batch: (first, rows of the whole). Noise that is drawn per row
    /// is then that of the whole batch. Null when a pass is a batch of its own.
    /// </summary>
    public (long First, long Whole)? Part { get; set; }

    /// <summary>Lets the following forward passes happen under this draw.</summary>
    public void Fix(SeedTree seeds, Draw draw)
    {
        if (!_off && _fixed is { } last && last.Draw == draw && last.Seeds.Root == seeds.Root) return;
        _fixed = (seeds, draw);
        _off = false;
        Version++;
    }

    /// <summary>Lets the following forward passes use the mean weights. Dropout in training still needs a draw.</summary>
    public void Off()
    {
        if (_off) return;
        _off = true;
        Version++;
    }

    /// <summary>A generator at the start of this layer's noise under the fixed draw; valid until the next call.</summary>
    /// <param name="kind">Keeps noise of different kinds apart: <c>weights</c>, <c>dropout</c>.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="device">Where the noise is made.</param>
    public Generator Seeded(string kind, int layer, Device device)
    {
        var (seeds, draw) = _fixed ?? throw new InvalidOperationException(
            "a noisy network was asked without a draw: call it through a NetworkView, or fix a draw (or switch the noise off) before the forward pass");
        _generator ??= new Generator(0, device);
        _generator.manual_seed(seeds.Seed(kind, draw.Stream, draw.Epoch, layer, draw.Index));
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
