using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>The curves of an attack over k as metrics.</summary>
internal static class AttackSeries
{
    /// <summary>Both curves, point by point, numbered from 0.</summary>
    public static MetricsRecorded Of(TransferAttackResult attack)
    {
        var points = new List<MetricPoint>();
        for (var k = 0; k < attack.Survivors.Count; k++)
        {
            points.Add(new(points.Count, MetricSeries.AttackSurvivors, 0, k, (double)attack.Survivors[k] / attack.Images));
            points.Add(new(points.Count, MetricSeries.AttackCurrent, 0, k, (double)attack.CorrectAtStep[k] / attack.Images));
        }
        return new MetricsRecorded(points);
    }
}
