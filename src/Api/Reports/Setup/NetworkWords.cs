using System.Globalization;
using KdRobust.Domain.Experiments;
using static KdRobust.Api.Reports.Setup.SpecWords;

namespace KdRobust.Api.Reports.Setup;

/// <summary>Networks, their noise and imported weights, in words.</summary>
static class NetworkWords
{
    public static string Architecture(ArchitectureSpec architecture)
    {
        var network = architecture switch
        {
            WideResNetSpec wide => string.Create(CultureInfo.InvariantCulture, $"WRN-{wide.Depth}-{wide.Width}, ") + (wide.Dropout > 0 ? $"dropout {Number(wide.Dropout)}" : "no dropout"),
            CifarResNetSpec c => string.Create(CultureInfo.InvariantCulture, $"CIFAR ResNet-{c.Depth}, shortcuts by ") + (c.Shortcut == ResNetShortcut.Pad ? "padding (option A)" : "projection (option B)"),
            ResNet18Spec => "ResNet-18 for 32×32 images",
            PreActResNet18Spec => "PreActResNet-18 for 32×32 images",
            _ => throw new ArgumentOutOfRangeException(nameof(architecture), architecture.GetType().Name, "no words for this architecture"),
        };
        return network + (architecture.Normalize is { } n
            ? $"; normalised inside by mean {string.Join(", ", n.Mean.Select(Number))} and deviation {string.Join(", ", n.Std.Select(Number))}"
            : "; pixels as they are, not normalised");
    }

    public static string Noise(NoiseSpec noise) => noise switch
    {
        NoNoiseSpec => "none",
        WhiteNoiseSpec w => $"white (PNI): α = {Number(w.Alpha)} at the start, one a {Kebab(w.Per)}; {Layers(w)}",
        ColoredNoiseSpec c => Join("; ",
            $"colored (CNI): variance s·g(d) + e with s = {(c.Scale == NoiseScale.Std ? "std(W)" : "var(W)")}, {Form(c.Form)}, g(d) = {Number(c.Diagonal)} at the start, e = {Number(c.Epsilon)}",
            c.Rank == 0 ? $"rank 0 (V = {Number(c.Factor)} {Start(c.FactorStart)} has no columns)" : $"rank {c.Rank.ToString(CultureInfo.InvariantCulture)}, V = {Number(c.Factor)} {Start(c.FactorStart)} at the start",
            c.OffDiagonalPenalty > 0 ? $"penalty {Number(c.OffDiagonalPenalty)}·Σ‖V‖²" : "no penalty on V",
            $"fully connected layer: white, α = {Number(c.LinearAlpha)}", Layers(c)),
        _ => throw new ArgumentOutOfRangeException(nameof(noise), noise.GetType().Name, "no words for this noise"),
    };

    static string Form(DiagonalForm form) => form switch
    {
        DiagonalForm.Absolute => "g(d) = |d|", DiagonalForm.LogVariance => "g(d) = exp d", DiagonalForm.Softplus => "g(d) = log(1 + exp d)",
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "no words for this form"),
    };

    static string Start(FactorStart start) => start == FactorStart.Constant ? "in every entry" : "times normal entries";

    static string Layers(LayerNoiseSpec noise)
    {
        var layers = new[] { (noise.Layers.Stem, "stem"), (noise.Layers.Blocks, "blocks"), (noise.Layers.Shortcuts, "shortcuts"), (noise.Layers.Linear, "fully connected") };
        var quiet = layers.Where(l => !l.Item1).Select(l => l.Item2).ToList();
        return Join("; ",
            quiet.Count == 0 ? "in all layers" : $"in {string.Join(", ", layers.Where(l => l.Item1).Select(l => l.Item2))}, not in {string.Join(", ", quiet)}",
            noise.Activations switch
            {
                ActivationNoise.None => "none on activations", ActivationNoise.Before => "also on what enters the noisy convolutions",
                ActivationNoise.After => "also on what leaves the noisy convolutions", _ => "also on what enters and leaves the noisy convolutions",
            },
            $"its own learning rate × {Number(noise.LearningRateFactor)}, decay {Number(noise.WeightDecay)}");
    }

    public static string Import(ImportSpec import) => Join("; ",
        $"read from the file with SHA-256 {import.Sha256}",
        import.Rename.Count == 0 ? "names as they are" : $"names renamed: {string.Join(", ", import.Rename.Select(r => $"'{r.From}' to '{r.To}'"))}",
        import.Skip.Count == 0 ? "nothing left out" : $"left out: {string.Join(", ", import.Skip.Select(s => $"'{s}…'"))}");
}
