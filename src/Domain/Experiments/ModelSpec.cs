using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>A network: what it is built of, what noise its weights carry, and where its weights come from.</summary>
public sealed record ModelSpec
{
    [Description("The backbone.")]
    public required ArchitectureSpec Architecture { get; init; }

    [Description("Noise in the weights, drawn anew at every forward pass, in training and in evaluation.")]
    public required NoiseSpec Noise { get; init; }

    [Description("Where the weights come from.")]
    public required WeightsSpec Weights { get; init; }
}

/// <summary>Where weights come from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TrainingSpec), "train")]
[JsonDerivedType(typeof(ImportSpec), "import")]
public abstract record WeightsSpec;

/// <summary>Weights of a file that was trained elsewhere: PyTorch's .pt, .pth, .th, .pth.tar, or safetensors.</summary>
public sealed record ImportSpec : WeightsSpec
{
    [Description("SHA-256 of the file in lower-case hex; the file itself is uploaded to /v1/models or given to kdr run with --model.")]
    [Pattern("^[0-9a-f]{64}$")]
    public required string Sha256 { get; init; }

    [Description("How the file's names become the network's: the first rule whose 'from' a name starts with replaces it by 'to'; names without a rule stay.")]
    public required IReadOnlyList<RenameSpec> Rename { get; init; }

    [Description("Names of the file, by prefix, that are left out; whatever else does not fit is refused.")]
    public required IReadOnlyList<string> Skip { get; init; }
}

/// <summary>One rule of a key mapping, by prefix.</summary>
public sealed record RenameSpec
{
    [Description("What a name of the file starts with, e.g. 'module.'.")]
    public required string From { get; init; }

    [Description("What stands there instead; empty removes the prefix.")]
    public required string To { get; init; }
}
