using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>
/// One experiment: a set of rows of the paper's tables. Every field that can change a number is written down; there are
/// no hidden defaults, and a field this build does not know is refused.
/// </summary>
[Description("One experiment of KdRobust: named models, named views of them, their evaluations and transfer attacks, and the tables and figures to draw.")]
public sealed record ExperimentSpec
{
    [JsonPropertyName("$schema")]
    [Description("Where an editor finds this schema; read by nothing else.")]
    public string? Schema { get; init; }

    [Description("Short name: lower-case letters, digits, '-', '.' and '/'.")]
    [Pattern("^[a-z0-9][a-z0-9./-]{0,99}$")]
    public required string Name { get; init; }

    [Description("What the experiment shows, in one line.")]
    public required string Title { get; init; }

    [Description("In words: how this differs from the paper, what to expect, how long it takes. Printed in the report.")]
    public required IReadOnlyList<string> Notes { get; init; }

    [Description("What the run is expected to give and to cost, printed in the report; null where nobody has estimated it.")]
    public required ExpectationsSpec? Expected { get; init; }

    [Description("Root of every random stream. Streams are derived from it by name, never drawn in sequence.")]
    [Range(0, long.MaxValue)]
    public required long Seed { get; init; }

    [Description("Images and labels.")]
    public required DatasetSpec Dataset { get; init; }

    [Description("What one job computes with; part of every fingerprint, because it can change the last digit.")]
    public required ComputeSpec Compute { get; init; }

    [Description("The networks, by name.")]
    public required IReadOnlyDictionary<string, ModelSpec> Models { get; init; }

    [Description("Ways to ask a model, by name. A view is weights + input noise + aggregation + number of draws; the CNI and the Smoothed CNI are two views of one teacher.")]
    public required IReadOnlyDictionary<string, ViewSpec> Views { get; init; }

    [Description("Clean evaluations of views, by result id.")]
    public required IReadOnlyDictionary<string, EvaluationSpec> Evaluations { get; init; }

    [Description("Attacks crafted on one view and judged on others, by result id; white-box is a transfer to itself. Its results are named '<id>/<target view>'.")]
    public required IReadOnlyDictionary<string, TransferSpec> Transfers { get; init; }

    [Description("Tables of the report, paper beside ours.")]
    public required IReadOnlyList<TableSpec> Tables { get; init; }

    [Description("Figures of the report.")]
    public required IReadOnlyList<FigureSpec> Figures { get; init; }

    [Description("Pairs of results to compare on identical images.")]
    public required IReadOnlyList<ComparisonSpec> Comparisons { get; init; }

    /// <summary>Every result the experiment will have: evaluations by name, transfers as <c>transfer/target view</c>.</summary>
    public IEnumerable<string> ResultIds() =>
        Evaluations.Keys.Concat(Transfers.SelectMany(t => t.Value.Targets.Select(target => $"{t.Key}/{target}")));
}

/// <summary>What a run is expected to give and to cost.</summary>
public sealed record ExpectationsSpec
{
    [Description("The numbers to expect, in words.")]
    public required string Numbers { get; init; }

    [Description("Floating-point operations of the whole experiment in units of 10^15, a multiplication and an addition counted as two.")]
    [Range(0, 1e12)]
    public required double Petaflops { get; init; }

    [Description("Time, and on what.")]
    public required string Time { get; init; }

    [Description("Memory of the largest job.")]
    public required string Memory { get; init; }
}

/// <summary>Images and how many of them are used. Record order is the canonical one of the data set's files.</summary>
public sealed record DatasetSpec
{
    [Description("cifar10 (50,000 + 10,000 images), cifar10-mini (2,000 + 1,000 class-balanced) or synthetic (procedural, CIFAR-shaped).")]
    public required DatasetName Name { get; init; }

    [Description("The first n training images are used.")]
    [Range(1, 50_000)]
    public required int TrainImages { get; init; }

    [Description("The first n test images are used by evaluations that ask for as many or fewer.")]
    [Range(1, 10_000)]
    public required int TestImages { get; init; }
}

/// <summary>The data sets KdRobust can read.</summary>
public enum DatasetName { Cifar10, Cifar10Mini, Synthetic }

/// <summary>What one job computes with.</summary>
public sealed record ComputeSpec
{
    [Description("cpu or cuda.")]
    public required DeviceKind Device { get; init; }

    [Description("Threads of one job on a CPU; the run process pins libtorch and BLAS to it.")]
    [Range(1, 256)]
    public required int Threads { get; init; }

    [Description("Arithmetic of training and of the attacks inside it: float32, or bfloat16 by autocast. Evaluations and reported attacks are float32 whatever this is.")]
    public required Precision Precision { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("What a worker must offer to be given the jobs; where a job runs changes no number, so this is part of no fingerprint. Left out: nothing.")]
    public RequirementsSpec? Requires { get; init; }
}

/// <summary>What a worker must offer.</summary>
public sealed record RequirementsSpec
{
    [Description("GPU memory that must be free, in GiB, with device cuda; null asks for none.")]
    [Range(1, 4096)]
    public required int? GpuMemoryGib { get; init; }

    [Description("Labels the worker was started with (--label NAME), all of them.")]
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>What a label is, in words.</summary>
    public const string LabelForm = "1 to 50 lower-case letters, digits, '-', '_' and '.'";

    /// <summary>True for 1 to 50 lower-case letters, digits, '-', '_' and '.'.</summary>
    public static bool IsLabel(string text) =>
        text.Length is >= 1 and <= 50 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.');
}

/// <summary>Where tensors live.</summary>
public enum DeviceKind { Cpu, Cuda }

/// <summary>Arithmetic of forward and backward passes.</summary>
public enum Precision { Float32, Bfloat16 }
