using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// Fills a network from a file that was made elsewhere, or says everything that does not fit. Any floating-point type is
/// converted to the network's (float64 is rounded), any integer type likewise. <c>num_batches_tracked</c>, which PyTorch has
/// written since 0.4.1 and no evaluation reads, is zero where the file lacks it.
/// </summary>
internal static class ImportedWeights
{
    const string Counter = "num_batches_tracked";

    /// <summary>Copies every mapped tensor into its namesake of <paramref name="targets"/>.</summary>
    /// <exception cref="RunInputException">Something of the file or of the network is left over, misshapen or no number. Nothing is copied then.</exception>
    public static void Load(IWeightsFile file, KeyMapping mapping, IReadOnlyDictionary<string, Tensor> targets)
    {
        var mismatches = Mismatches(file, mapping, targets).ToList();
        if (mismatches.Count > 0)
            throw TensorSet.Refusal($"{Path.GetFileName(file.Path)} ({file.Source})", $"the network, with the spec's rename and skip{Proposal(file, mapping, targets)},", mismatches);
        var names = mapping.Mapped.ToDictionary(key => key.Network, key => key.File, StringComparer.Ordinal);
        using var noGrad = no_grad();
        foreach (var (name, target) in targets)
        {
            using var scope = NewDisposeScope();
            if (names.TryGetValue(name, out var source)) target.copy_(file.Load(source));
            else target.zero_();
        }
    }

    // Most misfits are names alone: what would make more of them fit is said first.
    static string Proposal(IWeightsFile file, KeyMapping mapping, IReadOnlyDictionary<string, Tensor> targets)
    {
        string[] names = [.. mapping.Mapped.Select(key => key.File)];
        var proposed = RenameProposal.Of(names, [.. targets.Keys]);
        return names.Count(name => targets.ContainsKey(KeyMapping.Renamed(name, proposed))) > mapping.Mapped.Count(key => targets.ContainsKey(key.Network))
            ? $" (\"rename\": {JsonSerializer.Serialize(proposed, SpecJson.Options)} would fit better)"
            : "";
    }

    static IEnumerable<string> Mismatches(IWeightsFile file, KeyMapping mapping, IReadOnlyDictionary<string, Tensor> targets)
    {
        foreach (var stranger in mapping.Strangers) yield return stranger;
        var tensors = file.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var found = mapping.Mapped.ToLookup(key => key.Network, key => tensors[key.File], StringComparer.Ordinal);
        foreach (var (name, target) in targets.OrderBy(target => target.Key, StringComparer.Ordinal))
        {
            switch (found[name].ToList())
            {
                case []:
                    if (!IsCounter(name)) yield return $"'{name}' is missing";
                    break;
                case [var tensor]:
                    if (!tensor.Shape.SequenceEqual(target.shape) || !Converts(tensor.Type, target.dtype))
                        yield return $"'{Both(tensor.Name, name)}' is {tensor.Type} [{string.Join(",", tensor.Shape)}], expected {target.dtype} [{string.Join(",", target.shape)}]";
                    break;
                case var several:
                    yield return $"'{name}' is several: {string.Join(", ", several.Select(tensor => $"'{tensor.Name}'"))}";
                    break;
            }
        }
        foreach (var key in mapping.Mapped.Where(key => !targets.ContainsKey(key.Network)).OrderBy(key => key.Network, StringComparer.Ordinal))
            yield return $"'{Both(key.File, key.Network)}' is unexpected";
    }

    static string Both(string file, string network) => file == network ? network : $"{file} -> {network}";

    static bool IsCounter(string name) => name == Counter || name.EndsWith($".{Counter}", StringComparison.Ordinal);

    static bool Converts(ElementType type, ScalarType target) => type switch
    {
        ElementType.F32 or ElementType.F64 or ElementType.F16 or ElementType.BF16 => target == ScalarType.Float32,
        ElementType.BOOL => false,
        _ => target == ScalarType.Int64,
    };
}
