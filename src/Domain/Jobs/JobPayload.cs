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
[JsonDerivedType(typeof(ImportPayload), ImportPayload.Kind)]
[JsonDerivedType(typeof(MergePayload), MergePayload.Kind)]
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

/// <summary>
/// Train one network. Inputs <see cref="InputRoles.Labels"/> when it distils from cached labels and
/// <see cref="InputRoles.Teacher"/> when it asks its teacher online; outputs <see cref="OutputNames.Weights"/>, and
/// <see cref="OutputNames.Average"/> and <see cref="OutputNames.Best"/> where the training has them.
/// </summary>
public sealed record TrainPayload : JobPayload
{
    public const string Kind = "train";
    public required NetworkShape Network { get; init; }
    /// <summary>The training, its teacher named only by <see cref="LabelAggregation"/>, <see cref="Teacher"/> and the input role.</summary>
    public required TrainingSpec Training { get; init; }
    /// <summary>Which of the teacher's answers is h; null without distillation.</summary>
    public required Aggregation? LabelAggregation { get; init; }
    /// <summary>How the teacher is asked online; null without distillation and with cached labels.</summary>
    public required ViewShape? Teacher { get; init; }
    public override string KindName => Kind;
}

/// <summary>Ask about the first images of a split, each by itself: such work can be cut into shards.</summary>
public abstract record ImagesPayload : JobPayload
{
    /// <summary>The first n images of the split.</summary>
    public required int Images { get; init; }

    /// <summary>The images this job is a shard for; null asks about all of them. A shard's output is <see cref="OutputNames.Part"/> alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageRange? Shard { get; init; }

    /// <summary>The images this job asks about.</summary>
    [JsonIgnore]
    public ImageRange Range => Shard ?? new(0, Images);
}

/// <summary>
/// Put the shards of a job together. Inputs <see cref="InputRoles.Shard"/>(i), the i-th range; results and outputs are those
/// of the whole job, to the last bit.
/// </summary>
public sealed record MergePayload : JobPayload
{
    public const string Kind = "merge";
    /// <summary>What the shards are parts of.</summary>
    public required JobPayload Whole { get; init; }
    /// <summary>The images of each shard, in order and without gaps.</summary>
    public required IReadOnlyList<ImageRange> Shards { get; init; }
    public override string KindName => Kind;
}

/// <summary>
/// Ask one network M times about each image of a split. Input <see cref="InputRoles.Weights"/>; output
/// <see cref="OutputNames.Labels"/> (votes and mean probabilities per image) when <see cref="KeepLabels"/>.
/// All aggregations come from the same draws.
/// </summary>
public sealed record SmoothingEvalPayload : ImagesPayload
{
    public const string Kind = "smoothing-eval";
    public required ViewShape View { get; init; }
    public required int Draws { get; init; }
    /// <summary>The aggregation whose answer lets an image leave early; null asks every draw about every image.</summary>
    public required Aggregation? StopFor { get; init; }
    public required DataSplit Split { get; init; }
    public required bool KeepLabels { get; init; }
    /// <summary>Fixed augmentations of each image that are asked about instead of the image itself; null asks about the image.</summary>
    public required LabelViews? LabelViews { get; init; }
    public override string KindName => Kind;
}

/// <summary>Fixed augmented views of every training image, of which labels are kept.</summary>
public sealed record LabelViews(AugmentationSpec Augmentation, int Count);

/// <summary>
/// Craft an attack on one network and judge it on others. Inputs <see cref="InputRoles.Weights"/> (the attacker's) and
/// <see cref="InputRoles.Target"/>(i) for each target.
/// </summary>
public sealed record TransferAttackPayload : ImagesPayload
{
    public const string Kind = "transfer-attack";
    public required ViewShape View { get; init; }
    public required AttackSpec Attack { get; init; }
    public required IReadOnlyList<TargetShape> Targets { get; init; }
    /// <summary>Fresh draws by which targets are asked about every iterate; 0 asks about the last alone.</summary>
    public required int CurveDraws { get; init; }
    public override string KindName => Kind;
}

/// <summary>Read weights that were trained elsewhere. Input <see cref="InputRoles.File"/>; output <see cref="OutputNames.Weights"/>.</summary>
public sealed record ImportPayload : JobPayload
{
    public const string Kind = "import";
    public required NetworkShape Network { get; init; }
    /// <summary>The file's SHA-256 and its key mapping.</summary>
    public required ImportSpec File { get; init; }
    public override string KindName => Kind;
}

/// <summary>What a network is, apart from its weights.</summary>
public sealed record NetworkShape(ArchitectureSpec Architecture, NoiseSpec Noise);

/// <summary>How a network is asked, apart from how many draws and how they are aggregated.</summary>
public sealed record ViewShape(NetworkShape Network, bool WeightNoise, InputNoiseSpec? InputNoise, DrawSharing Sharing);

/// <summary>How one target of a transfer is asked. Aggregations are not named: all come from the same draws, unless an image may leave early for one.</summary>
public sealed record TargetShape(ViewShape View, int Draws, Aggregation? StopFor);

/// <summary>Which images.</summary>
public enum DataSplit { Train, Test }

/// <summary>Names of a job's inputs: outputs of its parents.</summary>
public static class InputRoles
{
    /// <summary>Weights of the network that is evaluated, or of the attacker.</summary>
    public const string Weights = "weights";
    /// <summary>Teacher labels.</summary>
    public const string Labels = "labels";
    /// <summary>Weights of a teacher that is asked online.</summary>
    public const string Teacher = "teacher";
    /// <summary>A file that was uploaded.</summary>
    public const string File = "file";
    /// <summary>What the i-th shard of a job found.</summary>
    public static string Shard(int index) => FormattableString.Invariant($"shard:{index}");
    /// <summary>Weights of the i-th target of a transfer.</summary>
    public static string Target(int index) => FormattableString.Invariant($"target:{index}");
}

/// <summary>Names of a job's stored outputs (safetensors).</summary>
public static class OutputNames
{
    /// <summary>The output that holds these weights of a training.</summary>
    public static string Of(ModelCheckpoint checkpoint) => checkpoint switch
    {
        ModelCheckpoint.Last => Weights,
        ModelCheckpoint.Average => Average,
        ModelCheckpoint.Best => Best,
        _ => throw new ArgumentOutOfRangeException(nameof(checkpoint), checkpoint, "no such weights"),
    };

    /// <summary>State dict of the trained network, PyTorch's names, float32.</summary>
    public const string Weights = "weights";
    /// <summary>Moving average of the weights, as <see cref="Weights"/>.</summary>
    public const string Average = "average";
    /// <summary>Weights of the selected epoch, as <see cref="Weights"/>.</summary>
    public const string Best = "best";
    /// <summary><c>votes</c> [N,K] (shares) and <c>mean_probability</c> [N,K], float32, row i = i-th image of the split; [V,N,K] for V fixed views; <c>classes</c> [N], uint8, the images' true classes.</summary>
    public const string Labels = "labels";
    /// <summary>All that the merge needs of a shard: its result, what the intervals over draws resample, and its rows of the labels.</summary>
    public const string Part = "part";
}
