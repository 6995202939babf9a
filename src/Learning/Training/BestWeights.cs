using KdRobust.Domain.Jobs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>A copy of the weights of the selected epoch.</summary>
internal sealed class BestWeights : IDisposable
{
    readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Which epoch's they are; null before the first.</summary>
    public SelectedEpoch? Selected { get; private set; }

    /// <summary>The state dict; empty before the first.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Takes an epoch's weights unless those kept are better; of equal epochs the later stays.</summary>
    /// <param name="epoch">The epoch and what it reached.</param>
    /// <param name="network">Whose weights.</param>
    public void Offer(SelectedEpoch epoch, nn.Module network)
    {
        if (Selected is not null && epoch.Accuracy < Selected.Accuracy) return;
        Allocate(epoch, network);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (name, tensor) in network.state_dict()) _tensors[name].copy_(tensor);
    }

    /// <summary>Makes room for weights that are then filled in from a resume point.</summary>
    public void Allocate(SelectedEpoch epoch, nn.Module network)
    {
        Selected = epoch;
        if (_tensors.Count > 0) return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (name, tensor) in network.state_dict()) _tensors.Add(name, tensor.detach().clone().DetachFromDisposeScope());
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values) tensor.Dispose();
        _tensors.Clear();
    }
}
