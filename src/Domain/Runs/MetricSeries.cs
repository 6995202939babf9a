using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Runs;

/// <summary>Names of the metric series that runs record.</summary>
public static class MetricSeries
{
    /// <summary>Mean loss of an epoch, in nats.</summary>
    public const string TrainLoss = "train/loss";
    /// <summary>Share of an epoch's clean training images answered rightly in the training forward pass.</summary>
    public const string TrainAccuracy = "train/accuracy";
    /// <summary>Learning rate of the weights at the end of an epoch.</summary>
    public const string LearningRate = "train/learning-rate";
    /// <summary>Monitored clean accuracy in [0,1] at the end of an epoch.</summary>
    public const string MonitorClean = "monitor/clean";
    /// <summary>Monitored accuracy under the monitor's attack.</summary>
    public const string MonitorAdversarial = "monitor/adversarial";
    /// <summary>Accuracy by which the best epoch is selected.</summary>
    public const string SelectionAccuracy = "selection/accuracy";
    /// <summary>lambda sum ||V||_F^2 at the end of an epoch; not part of <see cref="TrainLoss"/>.</summary>
    public const string OffDiagonalPenalty = "train/off-diagonal-penalty";
    /// <summary>Share of the first epoch's images whose label, as the training used it, has its arg max at the true class.</summary>
    public const string LabelAgreement = "train/label-agreement";
    /// <summary>Share of an epoch's clean training images about which student and teacher give the same class, each image with its own label.</summary>
    public const string TeacherAgreement = "train/teacher-agreement";
    /// <summary>Share of images no iterate up to k has fooled; Step is k.</summary>
    public const string AttackSurvivors = "attack/survivors";
    /// <summary>Accuracy at iterate k, one draw; Step is k.</summary>
    public const string AttackCurrent = "attack/current";

    /// <summary>The monitored series of a figure's line.</summary>
    public static string Monitor(MonitoredAccuracy accuracy) =>
        accuracy == MonitoredAccuracy.Clean ? MonitorClean : MonitorAdversarial;
}
