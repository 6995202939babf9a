using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Jobs;

/// <summary>
/// Exactly what one run needs to know, with every name of the experiment resolved; stored in the job row and, in
/// canonical form, hashed into the job's fingerprint. It therefore holds nothing that cannot change a number: no titles,
/// no model names. Other jobs' outputs are named by role (<see cref="InputRoles"/>).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TrainPayload), TrainPayload.Kind)]
[JsonDerivedType(typeof(SmoothingEvalPayload), SmoothingEvalPayload.Kind)]
[JsonDerivedType(typeof(TransferAttackPayload), TransferAttackPayload.Kind)]
public abstract record JobPayload
{
    /// <summary>Root seed of the experiment.</summary>
    public required long Seed { get; init; }
    public required DatasetSpec Dataset { get; init; }
    public required ComputeSpec Compute { get; init; }

    /// <summary>The stable name of the job's kind, e.g. <c>train</c>.</summary>
    [JsonIgnore]
    public abstract string KindName { get; }
}

/// <summary>Train one network. Input <see cref="InputRoles.Labels"/> when it distils; output <see cref="OutputNames.Weights"/>.</summary>
public sealed record TrainPayload : JobPayload
{
    public const string Kind = "train";
    public required NetworkShape Network { get; init; }
    /// <summary>The training, its teacher named only by <see cref="LabelAggregation"/> and the input role.</summary>
    public required TrainingSpec Training { get; init; }
    /// <summary>Which of the label file's two tensors is h; null without distillation.</summary>
    public required Aggregation? LabelAggregation { get; init; }
    public override string KindName => Kind;
}

/// <summary>
/// Ask one network M times about each image of a split, un-augmented. Input <see cref="InputRoles.Weights"/>;
/// output <see cref="OutputNames.Labels"/> (votes and mean probabilities per image) when <see cref="KeepLabels"/>.
/// All aggregations come from the same draws.
/// </summary>
public sealed record SmoothingEvalPayload : JobPayload
{
    public const string Kind = "smoothing-eval";
    public required NetworkShape Network { get; init; }
    public required double InputSigma { get; init; }
    public required int Draws { get; init; }
    public required DataSplit Split { get; init; }
    /// <summary>The first n images of the split.</summary>
    public required int Images { get; init; }
    public required bool KeepLabels { get; init; }
    public override string KindName => Kind;
}

/// <summary>
/// Craft an attack on one network and judge it on others. Inputs <see cref="InputRoles.Weights"/> (the attacker's) and
/// <see cref="InputRoles.Target"/>(i) for each target.
/// </summary>
public sealed record TransferAttackPayload : JobPayload
{
    public const string Kind = "transfer-attack";
    public required NetworkShape Network { get; init; }
    public required double InputSigma { get; init; }
    public required AttackSpec Attack { get; init; }
    public required int Images { get; init; }
    public required IReadOnlyList<TargetShape> Targets { get; init; }
    public override string KindName => Kind;
}

/// <summary>What a network is, apart from its weights.</summary>
public sealed record NetworkShape(ArchitectureSpec Architecture, NoiseSpec Noise);

/// <summary>How one target of a transfer is asked. Aggregations are not named: all come from the same draws.</summary>
public sealed record TargetShape(NetworkShape Network, double InputSigma, int Draws);

/// <summary>Which images.</summary>
public enum DataSplit { Train, Test }

/// <summary>Names of a job's inputs: outputs of its parents.</summary>
public static class InputRoles
{
    /// <summary>Weights of the network that is evaluated, or of the attacker.</summary>
    public const string Weights = "weights";
    /// <summary>Teacher labels.</summary>
    public const string Labels = "labels";
    /// <summary>Weights of the i-th target of a transfer.</summary>
    public static string Target(int index) => FormattableString.Invariant($"target:{index}");
}

/// <summary>Names of a job's stored outputs (safetensors).</summary>
public static class OutputNames
{
    /// <summary>State dict of the trained network, PyTorch's names, float32.</summary>
    public const string Weights = "weights";
    /// <summary><c>votes</c> [N,K] (shares) and <c>mean_probability</c> [N,K], float32, row i = i-th image of the split.</summary>
    public const string Labels = "labels";
}
