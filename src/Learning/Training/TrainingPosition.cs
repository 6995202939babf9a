using KdRobust.Learning.Weights;

namespace KdRobust.Learning.Training;

/// <summary>Where a training is: epochs and steps done, and what must go on from there after a resume.</summary>
/// <param name="payload">SHA-256 of what is trained.</param>
internal sealed class TrainingPosition(string payload)
{
    public string Payload { get; } = payload;

    /// <summary>Epochs finished.</summary>
    public int Epoch { get; private set; }

    /// <summary>Steps finished inside the running epoch.</summary>
    public int Step { get; set; }

    /// <summary>Mean loss of the last finished epoch; NaN before the first.</summary>
    public double LastLoss { get; private set; } = double.NaN;

    /// <summary>Training accuracy of the last finished epoch; NaN before the first.</summary>
    public double LastAccuracy { get; private set; } = double.NaN;

    /// <summary>Seconds of computing that earlier processes spent on what is kept.</summary>
    public double SecondsBefore { get; private set; }

    long _ordinal;

    /// <summary>The number of the next metric point.</summary>
    public long NextOrdinal() => _ordinal++;

    /// <summary>Closes the running epoch.</summary>
    public void EndEpoch(double loss, double accuracy)
    {
        (LastLoss, LastAccuracy) = (loss, accuracy);
        Epoch++;
        Step = 0;
    }

    /// <summary>What a resume point keeps beside the tensors.</summary>
    /// <param name="session">The training.</param>
    /// <param name="seconds">Seconds of computing in this process.</param>
    public TrainingCounters Counters(TrainingSession session, double seconds) => new()
    {
        Payload = Payload,
        Epoch = Epoch,
        Step = Step,
        Ordinal = _ordinal,
        Images = session.Sums.Images,
        Sums = session.Sums.Read(),
        LastLoss = LastLoss,
        LastAccuracy = LastAccuracy,
        Seconds = SecondsBefore + seconds,
        OptimizerSteps = session.Optimizer.Steps,
        LeftInEvaluation = session.Mode.LeftInEvaluation,
        Selected = session.Best.Selected,
    };

    /// <summary>Goes on from a resume point: fills the session and takes over its counters.</summary>
    /// <exception cref="Domain.Runs.RunInputException">Malformed, or of another training.</exception>
    public void Restore(string path, TrainingSession session)
    {
        var counters = ResumePoint.Load(path, Payload, counters =>
        {
            if (counters.Selected is { } selected) session.Best.Allocate(selected, session.Selectable.Module);
            return session.Parts;
        });
        (Epoch, Step, _ordinal) = (counters.Epoch, counters.Step, counters.Ordinal);
        (LastLoss, LastAccuracy, SecondsBefore) = (counters.LastLoss, counters.LastAccuracy, counters.Seconds);
        session.Optimizer.Steps = new Dictionary<string, long>(counters.OptimizerSteps, StringComparer.Ordinal);
        session.Sums.Restore(counters.Sums, counters.Images);
        session.Mode.LeftInEvaluation = counters.LeftInEvaluation;
    }
}
