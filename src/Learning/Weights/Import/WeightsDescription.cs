using System.Security.Cryptography;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Import;

/// <summary>What a file of weights holds, in names and numbers.</summary>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="Source">Format, and where the state dict is.</param>
/// <param name="Tensors">Its tensors, in the file's order.</param>
/// <param name="Others">Names of what lies among them and is no tensor, with a description.</param>
/// <param name="Rename">Proposed renames for a network; null when none was named.</param>
public sealed record WeightsDescription(
    string Sha256, string Source, IReadOnlyList<DescribedTensor> Tensors, IReadOnlyDictionary<string, string> Others, IReadOnlyList<RenameSpec>? Rename)
{
    /// <summary>Reads a file, without its numbers.</summary>
    /// <param name="path">PyTorch's .pt, .pth, .th, .pth.tar, or safetensors.</param>
    /// <param name="network">The network whose names its own are to become, or null. Builds it, for which libtorch is needed.</param>
    /// <exception cref="RunInputException">It cannot be read.</exception>
    public static WeightsDescription Of(string path, NetworkShape? network)
    {
        using var file = WeightsFile.Open(path);
        return new(
            Sha256Of(path),
            file.Source,
            [.. file.Tensors.Select(tensor => new DescribedTensor(tensor.Name, tensor.Type.ToString(), tensor.Shape))],
            file.Others.GroupBy(other => other.Name).ToDictionary(group => group.Key, group => group.First().What, StringComparer.Ordinal),
            network is null ? null : RenameProposal.Of([.. file.Tensors.Select(tensor => tensor.Name)], NamesOf(network)));
    }

    static List<string> NamesOf(NetworkShape shape)
    {
        using var network = ModelCatalog.Build(shape, new SeedTree(0), CPU);
        return [.. network.Module.state_dict().Keys];
    }

    /// <summary>SHA-256 of a file in lower-case hex.</summary>
    /// <exception cref="RunInputException">It cannot be opened.</exception>
    public static string Sha256Of(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunInputException($"{path}: cannot be opened: {e.Message}", e);
        }
    }
}

/// <summary>A tensor of a described file.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">E.g. F32.</param>
/// <param name="Shape">Sizes.</param>
public sealed record DescribedTensor(string Name, string Type, IReadOnlyList<long> Shape);
