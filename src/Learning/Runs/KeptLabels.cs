using KdRobust.Learning.Data;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>A teacher's labels, kept from the count until they are written: what each tensor of a label file is stands here.</summary>
/// <param name="counts">All draws about all images.</param>
/// <param name="classes">True classes [N] int64; stay the caller's.</param>
internal sealed class KeptLabels(SmoothedCounts counts, Tensor classes) : IDisposable
{
    readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal)
    {
        [TeacherLabels.Votes] = counts.VoteShares().DetachFromDisposeScope(),
        [TeacherLabels.MeanProbability] = counts.MeanProbability().DetachFromDisposeScope(),
        [TeacherLabels.Classes] = classes.to(ScalarType.Byte).DetachFromDisposeScope(),
    };

    /// <summary>The tensors by name; this object's.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>The file; valid until these labels are disposed.</summary>
    public SafetensorsWriter Writer(IReadOnlyDictionary<string, string> metadata) => new(_tensors, metadata);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values) tensor.Dispose();
    }
}
