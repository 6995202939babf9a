using System.Text.Json;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Training;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>Tensors of one part of a training by name.</summary>
/// <param name="Prefix">What their names begin with in the file, e.g. <c>model/</c>.</param>
/// <param name="Owner">Whose they are, for messages.</param>
/// <param name="Tensors">The live tensors.</param>
internal sealed record ResumePart(string Prefix, string Owner, IReadOnlyDictionary<string, Tensor> Tensors);

/// <summary>
/// A training between two steps as one safetensors file: <c>model/</c> the state dict, <c>optimizer/</c> its state by
/// parameter name, <c>average/</c> and <c>best/</c> state dicts where there are such weights, and the counters in the metadata.
/// </summary>
internal static class ResumePoint
{
    const string Format = "kdr-resume-1";
    const string FormatKey = "format";
    const string CountersKey = "counters";

    /// <summary>The file of this moment; its tensors are read when it is written.</summary>
    public static SafetensorsWriter Writer(IReadOnlyList<ResumePart> parts, TrainingCounters counters)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var part in parts)
            foreach (var (name, tensor) in part.Tensors) tensors.Add(part.Prefix + name, tensor);
        return new SafetensorsWriter(tensors, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [FormatKey] = Format,
            [CountersKey] = counters.ToJson(),
        });
    }

    /// <summary>Fills the parts of a training from a file and returns its counters.</summary>
    /// <param name="path">The file.</param>
    /// <param name="payload">SHA-256 of what is trained.</param>
    /// <param name="partsOf">The parts that a training with these counters has.</param>
    /// <exception cref="RunInputException">Malformed, or of another training; says what differs. Delete the resume point to start anew.</exception>
    public static TrainingCounters Load(string path, string payload, Func<TrainingCounters, IReadOnlyList<ResumePart>> partsOf)
    {
        using var file = SafetensorsReader.Open(path);
        var counters = ReadCounters(file);
        if (!string.Equals(counters.Payload, payload, StringComparison.Ordinal))
            throw new RunInputException($"{path}: a resume point of another training (fingerprint {counters.Payload}, expected {payload})");
        var parts = partsOf(counters);
        var stray = file.Header.Entries.FirstOrDefault(e => !parts.Any(part => e.Name.StartsWith(part.Prefix, StringComparison.Ordinal)));
        if (stray is not null) throw new RunInputException($"{path}: '{stray.Name}' does not belong in a resume point of this training");
        foreach (var part in parts) TensorSet.Load(file, part.Prefix, part.Tensors, part.Owner);
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
