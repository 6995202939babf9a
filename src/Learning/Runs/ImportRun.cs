using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Import;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Reads weights that were trained elsewhere into the network of a spec and writes them as a training's weights are. The
/// file must be the one whose SHA-256 the spec names. Nothing in it is executed.
/// </summary>
internal sealed class ImportRun(RunRequest request, ImportPayload payload, TimeProvider time) : IRun
{
    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        var path = request.File(InputRoles.File);
        CheckSha256(path);
        if (stop.Requested is { } reason)
        {
            yield return new RunStopped(reason);
            yield break;
        }
        // Bytes go from file to file: no device is needed.
        using var network = ModelCatalog.Build(payload.Network, new SeedTree(payload.Seed), CPU);
        var (mapping, source) = Fill(network, path);
        var weights = StateDictFile.Writer(network.Module, new Dictionary<string, string>(StringComparer.Ordinal));
        yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Weights, 0, 0, weights.Length, weights.WriteTo);
        yield return new RunFinished(new ImportResult
        {
            Seconds = clock.Seconds,
            Provenance = provenance,
            Source = source,
            Parameters = network.ParameterCount,
            Mapped = mapping.Mapped,
            Skipped = mapping.Skipped,
        });
    }

    (KeyMapping Mapping, string Source) Fill(Network network, string path)
    {
        using var file = WeightsFile.Open(path);
        var mapping = KeyMapping.Of(file, payload.File);
        ImportedWeights.Load(file, mapping, network.Module.state_dict());
        return (mapping, file.Source);
    }

    void CheckSha256(string path)
    {
        var sha256 = WeightsDescription.Sha256Of(path);
        if (sha256 != payload.File.Sha256)
            throw new RunInputException($"{path}: its SHA-256 is {sha256}, but the spec names {payload.File.Sha256}: give the file that is meant, or change weights.sha256");
    }
}
