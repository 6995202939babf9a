using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>Builds a network and fills it with the weights of a file, in evaluation mode.</summary>
internal static class TrainedNetwork
{
    /// <exception cref="RunInputException">The file is malformed or of another network.</exception>
    public static Network Load(NetworkShape shape, string path, SeedTree seeds, Device device)
    {
        var network = ModelCatalog.Build(shape, seeds, device);
        try
        {
            StateDictFile.Load(path, network.Module);
            network.Module.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
