using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Reports;

/// <summary>The lines of a spec's figures, from what jobs found and recorded. Every point has its 95 % interval over images.</summary>
/// <param name="spec">The spec.</param>
/// <param name="plan">Its plan.</param>
/// <param name="results">Job key to result; absent or null while there is none.</param>
/// <param name="metrics">(job key, series) to the points of the newest attempt, in order.</param>
/// <param name="records">Result id to number.</param>
internal sealed class FigureCurves(
    ExperimentSpec spec, ExperimentPlan plan, IReadOnlyDictionary<string, JobResult?> results,
    Func<string, string, IReadOnlyList<MetricPoint>> metrics, IReadOnlyDictionary<string, ResultRecord> records)
{
    /// <summary>A figure with the points that are known.</summary>
    public ReportFigure Figure(FigureSpec figure) =>
        new(figure.Id, figure.Title, [.. figure.Panels.Select(p => new ReportPanel(p.Title, AxisOf(p), p.Series.Any(s => s is TeacherAgreementSeriesSpec) ? ReportMeasure.TeacherAgreement : ReportMeasure.Accuracy, [.. p.Series.Select(s => new ReportSeries(s.Label, Points(s)))]))]);

    // The rules see to it that all series of a panel have one axis.
    ReportAxis AxisOf(PanelSpec panel) => panel.Series.FirstOrDefault() switch
    {
        EpsilonSeriesSpec epsilons => epsilons.Results.Any(id => AttackOf(id).Norm == AttackNorm.L2) ? ReportAxis.EpsilonL2 : ReportAxis.EpsilonLinf,
        StepSeriesSpec or TargetStepSeriesSpec => ReportAxis.Iteration,
        _ => ReportAxis.Epoch,
    };

    IReadOnlyList<ReportPoint> Points(SeriesSpec series) => series switch
    {
        EpochSeriesSpec epochs => Epochs(epochs),
        StepSeriesSpec steps => Result(steps.Transfer) is { } attack
            ? Counted(steps.Curve == StepCurve.Survivors ? attack.Survivors : attack.CorrectAtStep, attack.Images) : [],
        TargetStepSeriesSpec target => TargetSteps(target),
        EpsilonSeriesSpec epsilons => Epsilons(epsilons),
        TeacherAgreementSeriesSpec agreement => Agreement(agreement),
        _ => throw new ArgumentOutOfRangeException(nameof(series), series.GetType().Name, "no such series"),
    };

    IReadOnlyList<ReportPoint> Epochs(EpochSeriesSpec series)
    {
        var images = ((TrainingSpec)spec.Models[series.Model].Weights).Monitor!.Images;
        return [.. metrics(plan.TrainingOf(series.Model).Key, MetricSeries.Monitor(series.Accuracy)).Select(m => Point(m.Epoch, m.Value, images))];
    }

    // An epoch asks about every image that it trains on: all but the held-out ones.
    IReadOnlyList<ReportPoint> Agreement(TeacherAgreementSeriesSpec series)
    {
        var training = (TrainingSpec)spec.Models[series.Model].Weights;
        var images = spec.Dataset.TrainImages - (training.Selection is { From: SelectionSet.HeldOut } heldOut ? heldOut.Images : 0);
        return [.. metrics(plan.TrainingOf(series.Model).Key, MetricSeries.TeacherAgreement).Select(m => Point(m.Epoch, m.Value, images))];
    }

    IReadOnlyList<ReportPoint> TargetSteps(TargetStepSeriesSpec series)
    {
        var source = plan.Results[$"{series.Transfer}/{series.Target}"];
        // A result of an older worker has no such curve.
        return Result(series.Transfer) is { } attack && source.Target is { } index && index < attack.TargetCurves.Count
            ? Counted(attack.TargetCurves[index].Of(source.Aggregation), attack.Images) : [];
    }

    IReadOnlyList<ReportPoint> Epsilons(EpsilonSeriesSpec series) =>
        [.. series.Results.Where(records.ContainsKey).Select(id => (Attack: AttackOf(id), Record: records[id])).Select(r =>
            new ReportPoint(r.Attack.Norm == AttackNorm.Linf ? 255 * r.Attack.Epsilon.Value : r.Attack.Epsilon.Value, r.Record.Accuracy, r.Record.Shown.Lower, r.Record.Shown.Upper, r.Record.Images))
            .OrderBy(p => p.X)];

    AttackSpec AttackOf(string result) => spec.Transfers[result[..result.IndexOf('/', StringComparison.Ordinal)]].Attack;

    TransferAttackResult? Result(string transfer) => results.GetValueOrDefault(plan.AttackOf(transfer).Key) as TransferAttackResult;

    static IReadOnlyList<ReportPoint> Counted(IReadOnlyList<int> counts, int images) => [.. counts.Select((count, k) => Point(k, (double)count / images, images))];

    static ReportPoint Point(double x, double share, int images)
    {
        // What a run that diverged measured is no share; it is passed on, so that the figure has a gap there.
        if (share is not (>= 0 and <= 1)) return new(x, 100 * share, 100 * share, 100 * share, images);
        // From the count again: 100 times a rounded share would print 27.200000000000003.
        var right = (int)Math.Round(share * images);
        var interval = WilsonInterval.Of(right, images);
        return new(x, 100.0 * right / images, 100 * interval.Lower, 100 * interval.Upper, images);
    }
}
