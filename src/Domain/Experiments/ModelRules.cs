using System.Globalization;
using static KdRobust.Domain.Experiments.SpecRules;

namespace KdRobust.Domain.Experiments;

/// <summary>What must hold inside a model, and between its training and the rest of the spec.</summary>
internal static class ModelRules
{
    public static void Check(SpecFindings found, ModelSpec model, string path)
    {
        CheckArchitecture(found, model.Architecture, $"{path}.architecture");
        CheckNoise(found, model.Noise, $"{path}.noise");
        if (model.Weights is TrainingSpec training) TrainingRules.Check(found, model, training, $"{path}.weights");
        else if (model.Weights is ImportSpec import) CheckImport(found, import, $"{path}.weights");
    }

    static void CheckArchitecture(SpecFindings found, ArchitectureSpec architecture, string path)
    {
        if (architecture is WideResNetSpec { Depth: var wide } && (wide - 4) % 6 != 0)
            found.Add($"{path}.depth", "no Wide-ResNet has this depth", Number(wide), "6n+4: 10, 16, 22, 28, 34, ...");
        if (architecture is CifarResNetSpec { Depth: var depth } && (depth - 2) % 6 != 0)
            found.Add($"{path}.depth", "no CIFAR ResNet has this depth", Number(depth), "6n+2: 20, 32, 44, 56, 110, ...");
        if (architecture.Normalize is not { } normalize) return;
        CheckChannels(found, normalize.Mean, $"{path}.normalize.mean", value => double.IsFinite(value), "three numbers: red, green, blue");
        CheckChannels(found, normalize.Std, $"{path}.normalize.std", value => double.IsFinite(value) && value > 0, "three numbers above 0: red, green, blue");
    }

    static void CheckChannels(SpecFindings found, IReadOnlyList<double> channels, string path, Func<double, bool> fits, string expected)
    {
        if (channels.Count != 3 || !channels.All(fits))
            found.Add(path, "not one number a channel", string.Join(", ", channels.Select(c => c.ToString("R", CultureInfo.InvariantCulture))), expected);
    }

    static void CheckNoise(SpecFindings found, NoiseSpec noise, string path)
    {
        if (noise is LayerNoiseSpec { Layers: { Stem: false, Blocks: false, Shortcuts: false, Linear: false } })
            found.Add($"{path}.layers", "no layer is noisy", "false everywhere", "at least one true, or noise of kind none");
        if (noise is ColoredNoiseSpec { Form: not DiagonalForm.Absolute, Diagonal: 0 } colored)
            found.Add($"{path}.diagonal", $"the form '{(colored.Form == DiagonalForm.Softplus ? "softplus" : "log-variance")}' reaches 0 nowhere", "0", "above 0, or form: absolute");
    }

    static void CheckImport(SpecFindings found, ImportSpec import, string path)
    {
        for (var i = 0; i < import.Rename.Count; i++)
            if (import.Rename.Take(i).Any(earlier => import.Rename[i].From.StartsWith(earlier.From, StringComparison.Ordinal)))
                found.Add($"{path}.rename[{Number(i)}].from", "an earlier rule takes every name this one could", import.Rename[i].From, "the longer prefix first");
    }
}
