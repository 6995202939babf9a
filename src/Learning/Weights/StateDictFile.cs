using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>A network's state dict as a file, under PyTorch's names.</summary>
internal static class StateDictFile
{
    /// <summary>The state dict of <paramref name="network"/> ready to be written; its tensors are read at that time.</summary>
    public static SafetensorsWriter Writer(nn.Module network, IReadOnlyDictionary<string, string> metadata) =>
        new(network.state_dict(), metadata);

    /// <summary>Fills <paramref name="network"/> from a file.</summary>
    /// <exception cref="RunInputException">Malformed, or not of this network: all missing, unexpected and misshapen tensors are listed.</exception>
    public static void Load(string path, nn.Module network)
    {
        using var file = SafetensorsReader.Open(path);
        Load(file, "", network);
    }

    /// <summary>Fills <paramref name="network"/> from the tensors whose names start with <paramref name="prefix"/>.</summary>
    public static void Load(SafetensorsReader file, string prefix, nn.Module network) =>
        TensorSet.Load(file, prefix, network.state_dict(), "the network");
}
