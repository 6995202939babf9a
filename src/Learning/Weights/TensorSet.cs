using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights;

/// <summary>Fills named tensors from a file, or says everything that does not fit.</summary>
internal static class TensorSet
{
    const int MismatchesShown = 8;

    /// <summary>
    /// Copies every tensor of <paramref name="file"/> under <paramref name="prefix"/> into its namesake in
    /// <paramref name="targets"/>, which belong to <paramref name="owner"/>.
    /// </summary>
    /// <exception cref="RunInputException">A target is missing in the file, a tensor of the file has no target, or a shape or element type differs. Nothing is copied then.</exception>
    public static void Load(SafetensorsReader file, string prefix, IReadOnlyDictionary<string, Tensor> targets, string owner)
    {
        var mismatches = Mismatches(file, prefix, targets).ToList();
        if (mismatches.Count > 0) throw Refusal(file.Path, owner, mismatches);
        using var noGrad = no_grad();
        foreach (var (name, target) in targets)
        {
            using var scope = NewDisposeScope();
            target.copy_(file.Load(prefix + name));
        }
    }

    /// <summary>The refusal that lists what does not fit.</summary>
    public static RunInputException Refusal(string path, string owner, IReadOnlyCollection<string> mismatches)
    {
        var shown = string.Join("; ", mismatches.Take(MismatchesShown)) + (mismatches.Count > MismatchesShown ? $"; and {mismatches.Count - MismatchesShown} more" : "");
        return new RunInputException($"{path}: does not fit {owner} in {mismatches.Count} places: {shown}");
    }

    static IEnumerable<string> Mismatches(SafetensorsReader file, string prefix, IReadOnlyDictionary<string, Tensor> targets)
    {
        foreach (var (name, target) in targets.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (file.Find(prefix + name) is not { } entry) yield return $"'{name}' is missing";
            else if (!entry.Shape.SequenceEqual(target.shape) || SafetensorsReader.DtypeOf(entry.Type) != target.dtype)
                yield return $"'{name}' is {SafetensorsReader.DtypeOf(entry.Type)} [{string.Join(",", entry.Shape)}], expected {target.dtype} [{string.Join(",", target.shape)}]";
        }
        foreach (var entry in file.Header.Entries.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry.Name.StartsWith(prefix, StringComparison.Ordinal) && !targets.ContainsKey(entry.Name[prefix.Length..]))
                yield return $"'{entry.Name[prefix.Length..]}' is unexpected";
        }
    }
}
