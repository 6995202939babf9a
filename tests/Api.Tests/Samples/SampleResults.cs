using KdRobust.Api.Reports;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Runs;

namespace KdRobust.Api.Tests.Samples;

/// <summary>Results of a plan that no run computed: plausible, fixed, different from each other.</summary>
static class SampleResults
{
    static readonly RunProvenance Provenance = new("0.1.0+abcdef0", "1.13.1", "OpenBLAS 0.3.21", "cpu", 1);
    static readonly DateTimeOffset Begun = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A result for each job of the plan, except those whose key is in <paramref name="without"/>.</summary>
    public static Dictionary<string, JobResult?> For(ExperimentPlan plan, params string[] without) =>
        plan.Jobs.ToDictionary(j => j.Key, j => without.Contains(j.Key) ? null : Of(j.Payload), StringComparer.Ordinal);

    public static JobResult Of(JobPayload payload) => payload switch
    {
        TrainPayload train => new TrainResult
        {
            Seconds = 43.2, Provenance = Provenance, Epochs = train.Training.Epochs, Parameters = 78_330, FinalLoss = 1.61, FinalTrainAccuracy = 0.41,
            Selected = train.Training.Selection is { } selection ? new(train.Training.Epochs - 3, 0.4125, selection.Images) : null,
        },
        SmoothingEvalPayload evaluation => new SmoothingEvalResult { Seconds = 6.5, Provenance = Provenance, Count = Count(evaluation.Images, evaluation.Draws, evaluation.StopFor, 397, evaluation.View) },
        TransferAttackPayload attack => new TransferAttackResult
        {
            Seconds = 17.9, Provenance = Provenance, Images = attack.Images, LargestPerturbation = attack.Attack.Epsilon.Value,
            Survivors = Curve(attack, 0.39, 0.16), CorrectAtStep = Curve(attack, 0.39, 0.19),
            TargetCurves = attack.CurveDraws == 0 ? [] : [.. attack.Targets.Select((_, i) => new TargetCurve(attack.CurveDraws,
                [new(Aggregation.Votes, Curve(attack, 0.4, 0.23 + 0.08 * i)), new(Aggregation.MeanProbability, Curve(attack, 0.41, 0.24 + 0.08 * i))]))],
            Targets = [.. attack.Targets.Select((target, i) => Count(attack.Images, target.Draws, target.StopFor, Weakened(attack.Attack, 172 + 40 * i), target.View))],
        },
        ImportPayload => new ImportResult
        {
            Source = "PyTorch legacy file, state_dict", Seconds = 0.8, Provenance = Provenance, Parameters = 269_722, Skipped = ["module.linear.extra.weight"],
            Mapped = [new("module.conv1.weight", "conv1.weight"), new("module.bn1.running_mean", "bn1.running_mean"), new("module.linear.bias", "linear.bias")],
        },
        _ => throw new ArgumentOutOfRangeException(nameof(payload)),
    };

    // 8/255 as it is; a smaller ball less harmful, a larger one more.
    static int Weakened(AttackSpec attack, int ofThousand) =>
        (int)(ofThousand * Math.Exp(1 - Math.Sqrt(attack.Norm == AttackNorm.Linf ? 255 * attack.Epsilon.Value / 8 : 2 * attack.Epsilon.Value)));

    // So many of a thousand images answered rightly; intervals over draws where a view of the whole draw count differs in its draws.
    static AggregatedCount Count(int images, int draws, Aggregation? stopFor, int ofThousand, ViewShape view)
    {
        var random = draws >= 16 && view.WeightNoise && view.Network.Noise is not NoNoiseSpec;
        return new(images, draws, stopFor is null ? draws : draws * 0.35, [.. Enum.GetValues<Aggregation>().Select((aggregation, i) =>
        {
            var right = images * (ofThousand + 5 * i) / 1000;
            var (share, half) = ((double)right / images, 0.06);
            return new AggregationCount(aggregation, ImageSet.FirstOf(right, images), random ? new DrawInterval(share - half, share + half, Math.Min(draws, 16), 1000) : null);
        })]);
    }

    /// <summary>A monitored curve that rises, perturbed below clean.</summary>
    public static IReadOnlyList<MetricPoint> Metrics(ExperimentSpec spec, string job, string series)
    {
        var model = job.Split('/')[^1];
        var epochs = ((TrainingSpec)spec.Models[model].Weights).Epochs;
        var top = Math.Max(0.05, (series == MetricSeries.MonitorClean ? 0.42 : 0.18) - 0.03 * spec.Models.Keys.ToList().IndexOf(model));
        return [.. Enumerable.Range(1, epochs).Select(e => new MetricPoint(e, series, e, e, top * (1 - Math.Exp(-2.4 * e / epochs))))];
    }

    /// <summary>What a report says of jobs that ran as above.</summary>
    public static ReportContext Context(ExperimentSpec spec, string text, ExperimentPlan plan, Dictionary<string, JobResult?> results, string? failed = null) =>
        new(Guid.Parse("0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a77"), spec, text, Begun, plan.Jobs.ToDictionary(j => j.Key, j => new JobView
        {
            Id = Guid.NewGuid(), Name = j.DisplayName, Kind = j.Payload.KindName, Fingerprint = j.Fingerprint,
            State = j.Key == failed ? JobState.Failed : results[j.Key] is null ? JobState.Queued : JobState.Succeeded,
            Attempt = 1, MaxAttempts = 3, Fence = 1, Priority = 0, Worker = "worker-1", CancelRequested = false, Progress = null, Result = results[j.Key],
            Failure = j.Key == failed ? new JobFailure(FailureKind.Permanent, "train.bin is cut short at byte 3073: expected 6146000 bytes. Fetch it again", "") : null,
            DependsOn = [], CreatedAt = Begun, StartedAt = Begun, FinishedAt = results[j.Key] is null && j.Key != failed ? null : Begun.AddMinutes(5),
        }, StringComparer.Ordinal));

    /// <summary>A whole report.</summary>
    public static (ExperimentReport Report, ReportContext Context) Report(ExperimentSpec spec, string text, string? failed = null, params string[] without)
    {
        var plan = ExperimentPlan.Of(spec);
        var results = For(plan, failed is null ? without : [.. without, failed]);
        return (ExperimentReport.Of(spec, plan, results, (job, series) => results.GetValueOrDefault(job) is null ? [] : Metrics(spec, job, series)),
            Context(spec, text, plan, results, failed));
    }

    static int[] Curve(TransferAttackPayload attack, double from, double to) =>
        attack.Attack is PgdSpec { Steps: var steps }
            ? [.. Enumerable.Range(0, steps + 1).Select(k => (int)(attack.Images * (to + (from - to) * Math.Exp(-3.0 * k / steps))))]
            : [(int)(attack.Images * from), (int)(attack.Images * to)];
}
