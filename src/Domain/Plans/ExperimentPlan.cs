using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>
/// The jobs of an experiment, parents before children, each once: what two results need alike is computed once.
/// Pure: the same spec always gives the same plan.
/// </summary>
public sealed class ExperimentPlan
{
    readonly ExperimentSpec _spec;
    readonly int _run;
    readonly List<PlannedJob> _jobs = [];
    readonly Dictionary<string, PlannedJob> _byFingerprint = new(StringComparer.Ordinal);
    readonly Dictionary<string, PlannedJob> _byKey = new(StringComparer.Ordinal);
    readonly Dictionary<string, ResultSource> _results = new(StringComparer.Ordinal);

    ExperimentPlan(ExperimentSpec spec, int run)
    {
        // Where a job runs changes no number.
        _spec = spec = spec with { Compute = spec.Compute with { Requires = null } };
        _run = run;
        // The longest work first among what is ready: trainings, then attacks, then evaluations.
        foreach (var name in spec.Models.Keys) Weights(name);
        foreach (var (id, transfer) in spec.Transfers) Transfer(id, transfer);
        foreach (var (id, evaluation) in spec.Evaluations) Evaluation(id, evaluation);
        Fingerprint = CanonicalJson.Sha256Of(new { Spec = spec with { Schema = null }, Run = run });
    }

    /// <summary>All jobs, parents first.</summary>
    public IReadOnlyList<PlannedJob> Jobs => _jobs;

    /// <summary>Where each result of <see cref="ExperimentSpec.ResultIds"/> is found.</summary>
    public IReadOnlyDictionary<string, ResultSource> Results => _results;

    /// <summary>SHA-256 of the whole spec (and run number): submitting it again finds the first submission.</summary>
    public string Fingerprint { get; }

    /// <summary>The job of a key; several keys may lead to one job.</summary>
    public PlannedJob Job(string key) => _byKey[key];

    /// <summary>The job that trains a model; not for an imported one.</summary>
    public PlannedJob TrainingOf(string model) => _byKey[$"train/{model}"];

    /// <summary>The job of a transfer.</summary>
    public PlannedJob AttackOf(string transfer) => _byKey[$"attack/{transfer}"];

    /// <summary>Plans a checked spec.</summary>
    /// <param name="spec">A spec without problems.</param>
    /// <param name="run">0 for the first submission; a higher number computes everything anew under other fingerprints and the same seeds.</param>
    public static ExperimentPlan Of(ExperimentSpec spec, int run = 0)
    {
        var problems = SpecRules.Check(spec);
        if (problems.Count > 0) throw new ArgumentException($"the spec has problems, first: {problems[0]}", nameof(spec));
        return new ExperimentPlan(spec, run);
    }

    // The job whose outputs are a model's weights.
    PlannedJob Weights(string name) => _spec.Models[name].Weights switch
    {
        TrainingSpec training => Training(name, training),
        ImportSpec import => Import(name, import),
        var weights => throw new ArgumentOutOfRangeException(nameof(name), weights.GetType().Name, "no job makes weights of this kind"),
    };

    PlannedJob Import(string name, ImportSpec import)
    {
        var key = $"import/{name}";
        if (_byKey.TryGetValue(key, out var known)) return known;
        return Add(key, $"import {name}", new ImportPayload
        {
            Seed = _spec.Seed,
            Dataset = _spec.Dataset with { TrainImages = 0, TestImages = 0 },
            Compute = _spec.Compute,
            Network = ShapeOf(name),
            File = import,
        }, new Dictionary<string, JobInput>(StringComparer.Ordinal));
    }

    PlannedJob Training(string name, TrainingSpec training)
    {
        var key = $"train/{name}";
        if (_byKey.TryGetValue(key, out var known)) return known;
        var inputs = new Dictionary<string, JobInput>(StringComparer.Ordinal);
        Aggregation? aggregation = null;
        ViewShape? teacher = null;
        if (training.Distillation is { } distillation)
        {
            var view = _spec.Views[distillation.Teacher];
            aggregation = view.Aggregation;
            if (distillation.Labels is CachedLabelsSpec cached)
            {
                inputs[InputRoles.Labels] = new(Labels(distillation.Teacher, view, cached.Views, training.Augmentation).Key, OutputNames.Labels);
            }
            else
            {
                inputs[InputRoles.Teacher] = WeightsOf(view);
                teacher = ShapeOf(view);
            }
            // The teacher's name cannot change a number; its fingerprint is in the inputs.
            training = training with { Distillation = distillation with { Teacher = InputRoles.Teacher } };
        }
        return Add(key, $"train {name}", new TrainPayload
        {
            Seed = _spec.Seed,
            Dataset = _spec.Dataset with { TestImages = Math.Max(training.Monitor?.Images ?? 0, training.Selection is { From: SelectionSet.Test, Images: var n } ? n : 0) },
            Compute = _spec.Compute,
            Network = ShapeOf(name),
            Training = training,
            LabelAggregation = aggregation,
            Teacher = teacher,
        }, inputs);
    }

    PlannedJob Labels(string viewName, ViewSpec view, int views, AugmentationSpec augmentation) =>
        Smoothing(
            views == 0 ? $"labels/{viewName}" : $"labels/{viewName}/{views}/{augmentation.CropPadding}/{augmentation.Flip}",
            $"label by {view.Model} (M={view.Draws}{(views == 0 ? "" : $", {views} views")})",
            view, DataSplit.Train, _spec.Dataset.TrainImages, keepLabels: true, views == 0 ? null : new LabelViews(augmentation, views));

    void Evaluation(string id, EvaluationSpec evaluation)
    {
        var view = _spec.Views[evaluation.View];
        var job = Smoothing($"evaluate/{id}", $"evaluate {evaluation.View}", view, DataSplit.Test, evaluation.Images, keepLabels: false, null);
        _results[id] = new(job.Key, null, view.Aggregation);
    }

    PlannedJob Smoothing(string key, string displayName, ViewSpec view, DataSplit split, int images, bool keepLabels, LabelViews? views) =>
        Add(key, displayName, new SmoothingEvalPayload
        {
            Seed = _spec.Seed,
            Dataset = Touching(split, images),
            Compute = _spec.Compute,
            View = ShapeOf(view),
            Draws = view.Draws,
            StopFor = StopFor(view),
            Split = split,
            Images = images,
            KeepLabels = keepLabels,
            LabelViews = views,
        }, new Dictionary<string, JobInput>(StringComparer.Ordinal) { [InputRoles.Weights] = WeightsOf(view) });

    void Transfer(string id, TransferSpec transfer)
    {
        var attacker = _spec.Views[transfer.Attacker];
        var inputs = new Dictionary<string, JobInput>(StringComparer.Ordinal) { [InputRoles.Weights] = WeightsOf(attacker) };
        var targets = new List<(TargetShape Shape, string Text, JobInput Weights)>();
        var indices = new List<int>();
        foreach (var view in transfer.Targets.Select(name => _spec.Views[name]))
        {
            var shape = new TargetShape(ShapeOf(view), view.Draws, StopFor(view));
            var (text, weights) = (CanonicalJson.Of(shape), WeightsOf(view));
            // Views that differ in aggregation alone are answered by the same draws.
            var index = targets.FindIndex(known => known.Text == text && known.Weights == weights);
            if (index < 0)
            {
                index = targets.Count;
                targets.Add((shape, text, weights));
                inputs[InputRoles.Target(index)] = weights;
            }
            indices.Add(index);
        }
        var job = Add($"attack/{id}", $"attack {transfer.Attacker} at {transfer.Attack.Epsilon}", new TransferAttackPayload
        {
            Seed = _spec.Seed,
            Dataset = Touching(DataSplit.Test, transfer.Images),
            Compute = _spec.Compute,
            View = ShapeOf(attacker),
            Attack = transfer.Attack,
            Images = transfer.Images,
            Targets = [.. targets.Select(t => t.Shape)],
            CurveDraws = transfer.CurveDraws,
        }, inputs);
        for (var i = 0; i < transfer.Targets.Count; i++)
            _results[$"{id}/{transfer.Targets[i]}"] = new(job.Key, indices[i], _spec.Views[transfer.Targets[i]].Aggregation);
    }

    PlannedJob Add(string key, string displayName, JobPayload payload, Dictionary<string, JobInput> inputs)
    {
        var fingerprint = CanonicalJson.Sha256Of(new
        {
            Payload = payload,
            ResultsVersion = ResultsVersions.Of(payload),
            Data = DatasetCatalog.Of(payload.Dataset.Name).Checksums.ToList(),
            Inputs = inputs.ToDictionary(i => i.Key, i => new { Parent = _byKey[i.Value.Job].Fingerprint, i.Value.Output }, StringComparer.Ordinal),
            Run = _run,
        });
        if (!_byFingerprint.TryGetValue(fingerprint, out var job))
        {
            job = new PlannedJob(key, displayName, payload, inputs, fingerprint);
            _byFingerprint.Add(fingerprint, job);
            _jobs.Add(job);
        }
        _byKey[key] = job;
        return job;
    }

    // What a job touches of the data, so that an unrelated count does not change its fingerprint.
    DatasetSpec Touching(DataSplit split, int images) => _spec.Dataset with
    {
        TrainImages = split == DataSplit.Train ? images : 0,
        TestImages = split == DataSplit.Test ? images : 0,
    };

    NetworkShape ShapeOf(string model) => new(_spec.Models[model].Architecture, _spec.Models[model].Noise);

    static Aggregation? StopFor(ViewSpec view) => view.EarlyStop ? view.Aggregation : null;

    ViewShape ShapeOf(ViewSpec view) => new(ShapeOf(view.Model), view.WeightNoise, view.InputNoise, view.Sharing);

    JobInput WeightsOf(ViewSpec view) => new(Weights(view.Model).Key, OutputNames.Of(view.Checkpoint));
}
