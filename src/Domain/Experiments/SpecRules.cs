using System.Globalization;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Experiments;

/// <summary>The rules between fields of a spec that is well-formed on its own: names exist, nothing waits for itself, counts fit the data.</summary>
public static class SpecRules
{
    /// <summary>Jobs an experiment may need.</summary>
    public const int MostJobs = 50_000;

    const int MostEntries = 1000;

    /// <summary>Everything that is wrong, in the order of the spec.</summary>
    public static IReadOnlyList<SpecProblem> Check(ExperimentSpec spec)
    {
        var found = new SpecFindings(spec);
        CheckSize(found);
        // What is too much is not looked at piece by piece.
        if (found.Problems.Count > 0) return found.Problems;
        if (NameProblem(spec.Name) is var (path, message, got, expected)) found.Add(path, message, got, expected);
        CheckDataset(found);
        CheckRequirements(found);
        if (spec.Compute.ShardImages is { } size && size % ImageRange.Block != 0)
            found.Add("$.compute.shardImages", $"images share the seeds of their noise in blocks of {ImageRange.Block}, which no shard may cut", Number(size), $"a multiple of {ImageRange.Block}");
        if (spec.Models.Count == 0) found.Add("$.models", "no model", "{}", "at least one named model");
        foreach (var (name, model) in spec.Models) ModelRules.Check(found, model, SpecFindings.Path("models", name));
        foreach (var (name, view) in spec.Views) ViewRules.Check(found, view, SpecFindings.Path("views", name));
        foreach (var (name, evaluation) in spec.Evaluations)
        {
            found.Name(evaluation.View, spec.Views.Keys, "view", $"{SpecFindings.Path("evaluations", name)}.view");
            found.TestImages(evaluation.Images, $"{SpecFindings.Path("evaluations", name)}.images");
        }
        foreach (var (name, transfer) in spec.Transfers) CheckTransfer(found, transfer, SpecFindings.Path("transfers", name));
        CheckCycles(found);
        ReportRules.Check(found);
        return found.Problems;
    }

    /// <summary>What is wrong with the name of an experiment or a sweep. It may be taken for the place of a file: row3 of table2 is table2/row3, and never what lies beside or above it.</summary>
    internal static SpecProblem? NameProblem(string name) => name.Split('/').Any(part => part.Length == 0 || part[0] == '.')
        ? new("$.name", "a part of the name is empty or begins with a point", SpecReader.Shorten(name), "parts that begin with a letter, a digit or '-', e.g. table2/row3")
        : null;

    static void CheckSize(SpecFindings found)
    {
        var spec = found.Spec;
        foreach (var (path, count) in new[] { ("$.models", spec.Models.Count), ("$.views", spec.Views.Count), ("$.evaluations", spec.Evaluations.Count), ("$.transfers", spec.Transfers.Count) })
            if (count > MostEntries) found.Add(path, "too many entries", Number(count), $"at most {Number(MostEntries)}: several experiments, or a sweep");
        if (JobsAtMost(spec) is > MostJobs and var jobs)
            found.Add("$.compute.shardImages", "more jobs than an experiment may have, in shards so small", Number(jobs), $"at most {Number(MostJobs)}: larger shards, or several experiments");
    }

    /// <summary>Jobs a spec would need if no two of them were the same.</summary>
    internal static int JobsAtMost(ExperimentSpec spec)
    {
        int Parts(int images) => spec.Compute.ShardImages is { } size && images > size ? (images + size - 1) / size + 1 : 1;
        return spec.Models.Count * (1 + Parts(spec.Dataset.TrainImages)) + spec.Evaluations.Values.Sum(evaluation => Parts(evaluation.Images)) + spec.Transfers.Values.Sum(transfer => Parts(transfer.Images));
    }

    static void CheckDataset(SpecFindings found)
    {
        var dataset = found.Spec.Dataset;
        var facts = DatasetCatalog.Of(dataset.Name);
        if (dataset.TrainImages > facts.TrainImages)
            found.Add("$.dataset.trainImages", "more images than the data set has", Number(dataset.TrainImages), $"at most {Number(facts.TrainImages)}");
        if (dataset.TestImages > facts.TestImages)
            found.Add("$.dataset.testImages", "more images than the data set has", Number(dataset.TestImages), $"at most {Number(facts.TestImages)}");
    }

    static void CheckRequirements(SpecFindings found)
    {
        if (found.Spec.Compute is not { Requires: { } requires } compute) return;
        if (requires.GpuMemoryGib is { } memory && compute.Device != DeviceKind.Cuda)
            found.Add("$.compute.requires.gpuMemoryGib", "a job on a CPU needs no GPU memory", Number(memory), "null, or compute.device cuda");
        for (var i = 0; i < requires.Labels.Count; i++)
        {
            if (!RequirementsSpec.IsLabel(requires.Labels[i]))
                found.Add($"$.compute.requires.labels[{Number(i)}]", "a label has the wrong form", requires.Labels[i], RequirementsSpec.LabelForm);
        }
    }

    static void CheckTransfer(SpecFindings found, TransferSpec transfer, string path)
    {
        found.Name(transfer.Attacker, found.Spec.Views.Keys, "view", $"{path}.attacker");
        AttackRules.Check(found, transfer.Attack, $"{path}.attack", distilled: false);
        found.TestImages(transfer.Images, $"{path}.images");
        if (transfer is { CurveDraws: > 0, Targets.Count: 0 })
            found.Add($"{path}.curveDraws", "there is no target whose curve could be measured", Number(transfer.CurveDraws), "0, or at least one target");
        for (var i = 0; i < transfer.Targets.Count; i++)
        {
            found.Name(transfer.Targets[i], found.Spec.Views.Keys, "view", $"{path}.targets[{Number(i)}]");
            if (transfer.Targets.Take(i).Contains(transfer.Targets[i]))
                found.Add($"{path}.targets[{Number(i)}]", "the view stands here twice", transfer.Targets[i], "each target once");
        }
    }

    static void CheckCycles(SpecFindings found)
    {
        var spec = found.Spec;
        var finished = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in spec.Models.Keys)
        {
            var chain = new List<string>();
            for (string? model = start; model is not null && finished.Add(model); model = TeacherOf(spec, model)) chain.Add(model);
            // The walk ended at a model met before: a cycle exactly when that model is on this walk.
            var last = chain.Count > 0 ? TeacherOf(spec, chain[^1]) : null;
            if (last is not null && chain.IndexOf(last) is >= 0 and var from)
                found.Add($"{SpecFindings.Path("models", last)}.weights.distillation.teacher", "the model is taught, through others, by itself",
                    string.Join(" -> ", chain.Skip(from).Append(last)), "teachers that do not depend on their students");
        }
    }

    static string? TeacherOf(ExperimentSpec spec, string model) =>
        spec.Models.TryGetValue(model, out var m) && m.Weights is TrainingSpec { Distillation.Teacher: var view }
        && spec.Views.TryGetValue(view, out var v) && spec.Models.ContainsKey(v.Model) ? v.Model : null;

    internal static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
