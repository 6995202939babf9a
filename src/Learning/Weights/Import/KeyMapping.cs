using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Learning.Weights.Import;

/// <summary>How the names of a file become the network's, by the rules of a spec.</summary>
/// <param name="Mapped">Which became which, in the file's order.</param>
/// <param name="Skipped">Names of the file that a rule leaves out, in its order.</param>
/// <param name="Strangers">What is no tensor and was not left out, in words.</param>
internal sealed record KeyMapping(IReadOnlyList<MappedKey> Mapped, IReadOnlyList<string> Skipped, IReadOnlyList<string> Strangers)
{
    /// <summary>Applies the rules: first what is left out, then the first rename whose prefix fits.</summary>
    public static KeyMapping Of(IWeightsFile file, ImportSpec rules)
    {
        bool IsSkipped(string name) => rules.Skip.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
        var names = file.Tensors.Select(tensor => tensor.Name).ToList();
        return new(
            [.. names.Where(name => !IsSkipped(name)).Select(name => new MappedKey(name, Renamed(name, rules.Rename)))],
            [.. names.Concat(file.Others.Select(other => other.Name)).Where(IsSkipped)],
            [.. file.Others.Where(other => !IsSkipped(other.Name)).Select(other => $"'{other.Name}' is no tensor but {other.What}")]);
    }

    /// <summary>A name after the first rule that fits; itself when none does.</summary>
    public static string Renamed(string name, IEnumerable<RenameSpec> rules) =>
        rules.FirstOrDefault(rule => name.StartsWith(rule.From, StringComparison.Ordinal)) is { } rule ? rule.To + name[rule.From.Length..] : name;
}
