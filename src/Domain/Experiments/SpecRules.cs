using System.Globalization;

namespace KdRobust.Domain.Experiments;

/// <summary>The rules between fields of a spec that is well-formed on its own: names exist, nothing waits for itself, counts fit the data.</summary>
public static class SpecRules
{
    /// <summary>Everything that is wrong, in the order of the spec.</summary>
    public static IReadOnlyList<SpecProblem> Check(ExperimentSpec spec)
    {
        var problems = new List<SpecProblem>();
        CheckDataset(spec, problems);
        if (spec.Models.Count == 0) problems.Add(new("$.models", "no model", "{}", "at least one named model"));
        foreach (var (name, model) in spec.Models) CheckModel(spec, model, Path("models", name), problems);
        foreach (var (name, view) in spec.Views)
            CheckName(view.Model, spec.Models.Keys, "model", $"{Path("views", name)}.model", problems);
        foreach (var (name, evaluation) in spec.Evaluations)
        {
            CheckName(evaluation.View, spec.Views.Keys, "view", $"{Path("evaluations", name)}.view", problems);
            CheckImages(evaluation.Images, spec, $"{Path("evaluations", name)}.images", problems);
        }
        foreach (var (name, transfer) in spec.Transfers) CheckTransfer(spec, transfer, Path("transfers", name), problems);
        CheckCycles(spec, problems);
        CheckReport(spec, problems);
        return problems;
    }

    static void CheckDataset(ExperimentSpec spec, List<SpecProblem> problems)
    {
        var facts = DatasetCatalog.Of(spec.Dataset.Name);
        if (spec.Dataset.TrainImages > facts.TrainImages)
            problems.Add(new("$.dataset.trainImages", "more images than the data set has", Number(spec.Dataset.TrainImages), $"at most {Number(facts.TrainImages)}"));
        if (spec.Dataset.TestImages > facts.TestImages)
            problems.Add(new("$.dataset.testImages", "more images than the data set has", Number(spec.Dataset.TestImages), $"at most {Number(facts.TestImages)}"));
    }

    static void CheckModel(ExperimentSpec spec, ModelSpec model, string path, List<SpecProblem> problems)
    {
        if (model.Architecture is WideResNetSpec { Depth: var depth } && (depth - 4) % 6 != 0)
            problems.Add(new($"{path}.architecture.depth", "no Wide-ResNet has this depth", Number(depth), "6n+4: 10, 16, 22, 28, 34, ..."));
        if (model.Weights is not TrainingSpec training) return;
        path += ".weights";
        if (training.BatchSize > spec.Dataset.TrainImages)
            problems.Add(new($"{path}.batchSize", "larger than the training set", Number(training.BatchSize), $"at most {Number(spec.Dataset.TrainImages)}"));
        if (training.Schedule is MultiStepScheduleSpec { Milestones: var milestones } && !Ascending(milestones))
            problems.Add(new($"{path}.schedule.milestones", "not ascending epochs from 1", string.Join(", ", milestones), "e.g. [50, 75]"));
        if (training.Adversarial is { } adversarial)
        {
            if (adversarial.FromEpoch >= training.Epochs)
                problems.Add(new($"{path}.adversarial.fromEpoch", "the adversarial part would never begin", Number(adversarial.FromEpoch), $"0 to {Number(training.Epochs - 1)}, or adversarial: null"));
            CheckAttack(adversarial.Attack, $"{path}.adversarial.attack", problems);
        }
        if (training.Distillation is { } distillation)
            CheckName(distillation.Teacher, spec.Views.Keys, "view", $"{path}.distillation.teacher", problems);
        if (training.Monitor is { } monitor)
        {
            CheckImages(monitor.Images, spec, $"{path}.monitor.images", problems);
            if (monitor.Attack is { } attack) CheckAttack(attack, $"{path}.monitor.attack", problems);
        }
    }

    static bool Ascending(IReadOnlyList<int> epochs) =>
        epochs.Count > 0 && epochs[0] >= 1 && epochs.Zip(epochs.Skip(1)).All(pair => pair.First < pair.Second);

    static void CheckTransfer(ExperimentSpec spec, TransferSpec transfer, string path, List<SpecProblem> problems)
    {
        CheckName(transfer.Attacker, spec.Views.Keys, "view", $"{path}.attacker", problems);
        CheckAttack(transfer.Attack, $"{path}.attack", problems);
        CheckImages(transfer.Images, spec, $"{path}.images", problems);
        for (var i = 0; i < transfer.Targets.Count; i++)
        {
            CheckName(transfer.Targets[i], spec.Views.Keys, "view", $"{path}.targets[{Number(i)}]", problems);
            if (transfer.Targets.Take(i).Contains(transfer.Targets[i]))
                problems.Add(new($"{path}.targets[{Number(i)}]", "the view stands here twice", transfer.Targets[i], "each target once"));
        }
    }

    static void CheckAttack(AttackSpec attack, string path, List<SpecProblem> problems)
    {
        if (attack.Epsilon.Value > 0 && attack.StepSize.Value == 0)
            problems.Add(new($"{path}.stepSize", "an attack with a ball needs a step", "0", "above 0, e.g. \"2/255\""));
        if (attack is { Loss: AttackLoss.Kl, RandomStart: false })
            problems.Add(new($"{path}.randomStart", "the divergence from the clean prediction has no gradient at the clean image", "false", "true, or another loss"));
        if (attack.Restarts > 1 && !attack.RandomStart)
            problems.Add(new($"{path}.restarts", "every restart would begin at the same point", Number(attack.Restarts), "1, or randomStart: true"));
    }

    static void CheckCycles(ExperimentSpec spec, List<SpecProblem> problems)
    {
        var finished = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in spec.Models.Keys)
        {
            var chain = new List<string>();
            for (string? model = start; model is not null && finished.Add(model); model = TeacherOf(spec, model)) chain.Add(model);
            // The walk ended at a model met before: a cycle exactly when that model is on this walk.
            var last = chain.Count > 0 ? TeacherOf(spec, chain[^1]) : null;
            if (last is not null && chain.IndexOf(last) is >= 0 and var from)
                problems.Add(new($"{Path("models", last)}.weights.distillation.teacher", "the model is taught, through others, by itself",
                    string.Join(" -> ", chain.Skip(from).Append(last)), "teachers that do not depend on their students"));
        }
    }

    static string? TeacherOf(ExperimentSpec spec, string model) =>
        spec.Models.TryGetValue(model, out var m) && m.Weights is TrainingSpec { Distillation.Teacher: var view }
        && spec.Views.TryGetValue(view, out var v) && spec.Models.ContainsKey(v.Model) ? v.Model : null;

    static void CheckReport(ExperimentSpec spec, List<SpecProblem> problems)
    {
        var results = spec.ResultIds().ToHashSet(StringComparer.Ordinal);
        foreach (var clash in spec.Evaluations.Keys.Intersect(spec.Transfers.Keys))
            problems.Add(new(Path("transfers", clash), "an evaluation has the same name", clash, "names unique among evaluations and transfers"));
        for (var t = 0; t < spec.Tables.Count; t++)
        {
            var table = spec.Tables[t];
            for (var r = 0; r < table.Rows.Count; r++)
            {
                var (row, path) = (table.Rows[r], $"$.tables[{Number(t)}].rows[{Number(r)}]");
                if (row.Labels.Count != table.Labels.Count)
                    problems.Add(new($"{path}.labels", "as many labels as the table has label columns", Number(row.Labels.Count), Number(table.Labels.Count)));
                if (row.Cells.Count != table.Columns.Count)
                    problems.Add(new($"{path}.cells", "as many cells as the table has number columns", Number(row.Cells.Count), Number(table.Columns.Count)));
                for (var c = 0; c < row.Cells.Count; c++)
                    CheckName(row.Cells[c].Result, results, "result", $"{path}.cells[{Number(c)}].result", problems);
            }
        }
        for (var f = 0; f < spec.Figures.Count; f++)
            for (var p = 0; p < spec.Figures[f].Panels.Count; p++)
                for (var s = 0; s < spec.Figures[f].Panels[p].Series.Count; s++)
                    CheckSeries(spec, spec.Figures[f].Panels[p].Series[s], $"$.figures[{Number(f)}].panels[{Number(p)}].series[{Number(s)}]", problems);
    }

    static void CheckSeries(ExperimentSpec spec, SeriesSpec series, string path, List<SpecProblem> problems)
    {
        if (series is StepSeriesSpec steps)
        {
            CheckName(steps.Transfer, spec.Transfers.Keys, "transfer", $"{path}.transfer", problems);
        }
        else if (series is EpochSeriesSpec epochs)
        {
            CheckName(epochs.Model, spec.Models.Keys, "model", $"{path}.model", problems);
            if (!spec.Models.TryGetValue(epochs.Model, out var model) || model.Weights is not TrainingSpec training) return;
            if (training.Monitor is null || (epochs.Accuracy == MonitoredAccuracy.Adversarial && training.Monitor.Attack is null))
                problems.Add(new($"{path}.accuracy", "the model's training does not monitor this", epochs.Accuracy.ToString().ToLowerInvariant(), "a model whose monitor measures it"));
        }
    }

    static void CheckName(string name, IEnumerable<string> known, string what, string path, List<SpecProblem> problems)
    {
        var names = known.ToList();
        if (names.Contains(name)) return;
        problems.Add(new(path, $"no such {what}" + SpecReader.DidYouMean(name, names), SpecReader.Shorten(name),
            names.Count > 0 ? SpecReader.OneOf(names) : $"a {what} that the spec defines"));
    }

    static void CheckImages(int images, ExperimentSpec spec, string path, List<SpecProblem> problems)
    {
        if (images > spec.Dataset.TestImages)
            problems.Add(new(path, "more images than dataset.testImages", Number(images), $"at most {Number(spec.Dataset.TestImages)}"));
    }

    static string Path(string section, string name) => SpecReader.Join($"$.{section}", name);

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
