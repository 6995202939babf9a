using System.Security.Cryptography;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Training;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Trains one network: the loop over epochs and steps, what it tells, and where it can be taken up again. What a step does
/// is <see cref="TrainingSession"/>'s.
/// </summary>
internal sealed class TrainRun(RunRequest request, TrainPayload payload, TimeProvider time) : IRun
{
    // Smaller passes are no other training: its resume points stay good, so the fingerprint is the payload's.
    readonly TrainingSpec _spec = payload.Training with { MicroBatch = request.MicroBatch ?? payload.Training.MicroBatch };
    double _resumedAt;

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute) with { MicroBatch = request.MicroBatch };
        var inPasses = payload with { Training = _spec };
        var device = ComputeEnvironment.DeviceOf(payload.Compute);
        var images = DatasetReader.Read(payload.Dataset, DataSplit.Train, request.DataFolder);
        using var session = new TrainingSession(inPasses, images, TeacherSource.Open(request, inPasses, images, device), device);
        using var looks = new TrainingLooks(inPasses, session, images, request.DataFolder, device);
        var at = new TrainingPosition(FingerprintOf());
        if (request.ResumeFrom is { } file) at.Restore(file, session);
        _resumedAt = Done(session, at);
        var clock = new ProgressClock(time);
        var kept = (at.Epoch, at.Step);

        while (at.Epoch < _spec.Epochs)
        {
            session.BeginEpoch(at.Epoch);
            while (at.Step < session.StepsPerEpoch && stop.Requested is null)
            {
                var count = Step(session, at);
                at.Step++;
                if (clock.Due(count)) yield return Progress(session, at, clock);
            }
            var seen = stop.Requested is null ? Look(looks, at, stop) : null;
            if (stop.Requested is { } reason)
            {
                if (reason != StopReason.Cancel && kept != (at.Epoch, at.Step))
                    yield return Checkpoint(session, at, clock);
                yield return new RunStopped(reason);
                yield break;
            }
            yield return new MetricsRecorded(EndEpoch(session, at, seen!));
            yield return Checkpoint(session, at, clock);
            kept = (at.Epoch, at.Step);
            if (clock.Due(0) || at.Epoch == _spec.Epochs) yield return Progress(session, at, clock);
        }

        foreach (var (name, tensors) in Outputs(session))
        {
            var weights = new SafetensorsWriter(tensors, new Dictionary<string, string>(StringComparer.Ordinal));
            yield return new CheckpointTaken(CheckpointRole.Output, name, at.Epoch, 0, weights.Length, weights.WriteTo);
        }
        yield return new RunFinished(new TrainResult
        {
            Seconds = at.SecondsBefore + clock.Seconds,
            Provenance = provenance,
            Epochs = _spec.Epochs,
            Parameters = session.Network.ParameterCount,
            FinalLoss = at.LastLoss,
            FinalTrainAccuracy = at.LastAccuracy,
            Selected = session.Best.Selected,
        });
    }

    static IEnumerable<(string Name, IReadOnlyDictionary<string, Tensor> Tensors)> Outputs(TrainingSession session)
    {
        yield return (OutputNames.Weights, session.Network.Module.state_dict());
        if (session.Average is { } average) yield return (OutputNames.Average, average.Network.Module.state_dict());
        if (session.Best.Selected is not null) yield return (OutputNames.Best, session.Best.Tensors);
    }

    // Whatever the numbers depend on; a resume point of anything else is refused.
    string FingerprintOf() => CanonicalJson.Sha256Of(new
    {
        Payload = (JobPayload)payload,
        Teacher = TeacherSource.RoleOf(_spec) is { } role ? Sha256Of(request.File(role)) : null,
    });

    static string Sha256Of(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    int Step(TrainingSession session, TrainingPosition at)
    {
        try
        {
            return session.Step(at.Epoch, at.Step);
        }
        catch (ArithmeticException e)
        {
            throw Diverged(at, e.Message, e);
        }
    }

    EpochLooks? Look(TrainingLooks looks, TrainingPosition at, StopSignal stop)
    {
        try
        {
            return looks.After(at.Epoch + 1, stop);
        }
        catch (ArithmeticException e)
        {
            throw Diverged(at, e.Message, e);
        }
    }

    // Closes the epoch in `at` and returns its points.
    List<MetricPoint> EndEpoch(TrainingSession session, TrainingPosition at, EpochLooks seen)
    {
        var means = Means(session, at);
        at.EndEpoch(means[EpochSum.Loss], means[EpochSum.Correct]);
        session.Sums.Clear();
        if (seen.Monitored is not null || seen.Selecting is not null) session.Mode.AfterEvaluation();
        if (seen.Selecting is { } accuracy) session.Best.Offer(new SelectedEpoch(at.Epoch, accuracy, _spec.Selection!.Images), session.Selectable.Module);
        return EpochReport.Of(_spec, session, at, means, seen);
    }

    CheckpointTaken Checkpoint(TrainingSession session, TrainingPosition at, ProgressClock clock)
    {
        if (at.Step > 0) Means(session, at);
        var file = ResumePoint.Writer(session.Parts, at.Counters(session, clock.Seconds));
        return new CheckpointTaken(CheckpointRole.Resume, "resume", at.Epoch, at.Step, file.Length, file.WriteTo);
    }

    ProgressMade Progress(TrainingSession session, TrainingPosition at, ProgressClock clock)
    {
        var (loss, accuracy) = (at.LastLoss, at.LastAccuracy);
        if (session.Sums.Images > 0)
        {
            var means = Means(session, at);
            (loss, accuracy) = (means[EpochSum.Loss], means[EpochSum.Correct]);
        }
        var done = Done(session, at);
        var left = clock.SecondsLeft(CostUpTo(done) - CostUpTo(_resumedAt), CostUpTo(_spec.Epochs) - CostUpTo(_resumedAt));
        return new ProgressMade(new JobProgress("train", done, _spec.Epochs, "epoch", Known(loss), Known(accuracy), clock.ImagesPerSecond, left));
    }

    static double Done(TrainingSession session, TrainingPosition at) => at.Epoch + ((double)at.Step / session.StepsPerEpoch);

    double CostUpTo(double epochs) => TrainingCost.Of(_spec, epochs);

    static double? Known(double value) => double.IsNaN(value) ? null : value;

    // Waits for the device, so it is called at progress lines and at the end of an epoch only.
    static EpochMeans Means(TrainingSession session, TrainingPosition at)
    {
        var means = new EpochMeans(session.Sums.Read(), session.Sums.Images);
        return double.IsFinite(means[EpochSum.Loss]) ? means : throw Diverged(at, $"the loss is {means[EpochSum.Loss]}", null);
    }

    static RunInputException Diverged(TrainingPosition at, string what, Exception? inner) => new(
        FormattableString.Invariant($"training diverged in epoch {at.Epoch}, by step {at.Step}: {what}. Try a lower optimizer.learningRate, a longer schedule.riseFraction, or weaker noise"), inner);
}
