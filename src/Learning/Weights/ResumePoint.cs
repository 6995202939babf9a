using System.Text.Json;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Training;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>
/// A training between two steps as one safetensors file: <c>model/</c> the state dict, <c>optimizer/</c> its state by
/// parameter name, and the counters in the metadata.
/// </summary>
internal static class ResumePoint
{
    const string Format = "kdr-resume-1";
    const string FormatKey = "format";
    const string CountersKey = "counters";
    const string Model = "model/";
    const string Optimizer = "optimizer/";

    /// <summary>The file of this moment; its tensors are read when it is written.</summary>
    public static SafetensorsWriter Writer(nn.Module network, WeightOptimizer optimizer, TrainingCounters counters)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in network.state_dict()) tensors.Add(Model + name, tensor);
        foreach (var (name, tensor) in optimizer.Tensors()) tensors.Add(Optimizer + name, tensor);
        return new SafetensorsWriter(tensors, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [FormatKey] = Format,
            [CountersKey] = counters.ToJson(),
        });
    }

    /// <summary>Fills network and optimizer from a file and returns its counters.</summary>
    /// <exception cref="RunInputException">Malformed, or of another training; says what differs. Delete the resume point to start anew.</exception>
    public static TrainingCounters Load(string path, nn.Module network, WeightOptimizer optimizer, string payload)
    {
        using var file = SafetensorsReader.Open(path);
        var counters = ReadCounters(file);
        if (!string.Equals(counters.Payload, payload, StringComparison.Ordinal))
            throw new RunInputException($"{path}: a resume point of another training (fingerprint {counters.Payload}, expected {payload})");
        var stray = file.Header.Entries.FirstOrDefault(e => !e.Name.StartsWith(Model, StringComparison.Ordinal) && !e.Name.StartsWith(Optimizer, StringComparison.Ordinal));
        if (stray is not null) throw new RunInputException($"{path}: '{stray.Name}' does not belong in a resume point");
        TensorSet.Load(file, Model, network.state_dict(), "the network");
        TensorSet.Load(file, Optimizer, optimizer.Tensors(), "the optimizer");
        optimizer.Steps = new Dictionary<string, long>(counters.OptimizerSteps, StringComparer.Ordinal);
        return counters;
    }

    static TrainingCounters ReadCounters(SafetensorsReader file)
    {
        var format = file.Header.Metadata.GetValueOrDefault(FormatKey);
        if (!string.Equals(format, Format, StringComparison.Ordinal) || !file.Header.Metadata.TryGetValue(CountersKey, out var json))
            throw new RunInputException($"{file.Path}: not a resume point: format is {format ?? "not given"}, expected {Format}");
        try
        {
            var counters = TrainingCounters.FromJson(json);
            return counters.Sums.Count == EpochSums.Count && counters is { Epoch: >= 0, Step: >= 0, Ordinal: >= 0, Images: >= 0 }
                ? counters
                : throw new RunInputException($"{file.Path}: the counters of this resume point are out of range");
        }
        catch (JsonException e)
        {
            throw new RunInputException($"{file.Path}: the counters of this resume point cannot be read: {e.Message}", e);
        }
    }
}
