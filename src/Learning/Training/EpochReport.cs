using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Training;

/// <summary>The metric points of a finished epoch, always in one order.</summary>
internal static class EpochReport
{
    /// <param name="spec">The training.</param>
    /// <param name="session">Its state after the epoch's last step.</param>
    /// <param name="at">The position, its epoch already closed.</param>
    /// <param name="means">Means over the epoch's images.</param>
    /// <param name="looks">What was seen after it.</param>
    public static List<MetricPoint> Of(TrainingSpec spec, TrainingSession session, TrainingPosition at, EpochMeans means, EpochLooks looks)
    {
        var points = new List<MetricPoint>();
        void Add(string series, double? value)
        {
            if (value is { } number) points.Add(new(at.NextOrdinal(), series, at.Epoch, (long)at.Epoch * session.StepsPerEpoch, number));
        }

        Add(MetricSeries.TrainLoss, means[EpochSum.Loss]);
        Add(MetricSeries.TrainAccuracy, means[EpochSum.Correct]);
        Add(MetricSeries.LearningRate, session.LearningRateAt(at.Epoch - 1, session.StepsPerEpoch - 1));
        foreach (var (term, series) in LossTerms.Of(spec, at.Epoch - 1)) Add(series, means[term]);
        Add(MetricSeries.MonitorClean, looks.Monitored?.Clean);
        Add(MetricSeries.MonitorAdversarial, looks.Monitored?.Adversarial);
        Add(MetricSeries.SelectionAccuracy, looks.Selecting);
        Add(MetricSeries.OffDiagonalPenalty, session.Penalty?.Value());
        if (at.Epoch == 1 && spec.Distillation is not null) Add(MetricSeries.LabelAgreement, means[EpochSum.LabelAgreement]);
        if (spec.Distillation is not null && AsksClean(spec, at)) Add(MetricSeries.TeacherAgreement, means[EpochSum.TeacherAgreement]);
        return points;
    }

    // Agreement is counted where the student is asked about clean images anyway.
    static bool AsksClean(TrainingSpec spec, TrainingPosition at) => Distillation.TrainingLoss.Of(spec, at.Epoch - 1).NeedsClean;
}
