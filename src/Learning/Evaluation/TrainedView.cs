using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>A view on a network of its own, whose weights come from a file.</summary>
internal sealed class TrainedView : IDisposable
{
    readonly Network _network;

    TrainedView(Network network, ViewShape shape, SeedTree seeds)
    {
        _network = network;
        View = NetworkView.Of(network, shape, seeds);
    }

    /// <summary>How the network is asked.</summary>
    public NetworkView View { get; }

    /// <summary>Reads the weights and looks at the network as <paramref name="shape"/> says.</summary>
    /// <exception cref="RunInputException">The file is malformed or of another network.</exception>
    public static TrainedView Open(ViewShape shape, string path, SeedTree seeds, Device device) =>
        new(TrainedNetwork.Load(shape.Network, path, seeds, device), shape, seeds);

    /// <inheritdoc/>
    public void Dispose()
    {
        View.Dispose();
        _network.Dispose();
    }
}
