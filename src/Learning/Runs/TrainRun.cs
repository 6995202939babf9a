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
    readonly TrainingSpec _spec = payload.Training;
    double _resumedAt;

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        using var session = Open();
        using var monitor = Monitor(session);
        var at = new TrainingPosition(FingerprintOf());
        if (request.ResumeFrom is { } file) at.Restore(ResumePoint.Load(file, session.Network.Module, session.Optimizer, at.Payload), session);
        _resumedAt = Done(session, at);
        var clock = new ProgressClock(time);
        var kept = (at.Epoch, at.Step);

        while (at.Epoch < _spec.Epochs)
        {
            session.BeginEpoch(at.Epoch);
            while (at.Step < session.StepsPerEpoch && stop.Requested is null)
            {
                var images = Step(session, at);
                at.Step++;
                if (clock.Due(images)) yield return Progress(session, at, clock);
            }
            var seen = stop.Requested is null && monitor is not null && monitor.IsDue(at.Epoch + 1, _spec.Epochs) ? Look(monitor, at, stop) : null;
            if (stop.Requested is { } reason)
            {
                if (reason == StopReason.Drain && kept != (at.Epoch, at.Step))
                    yield return Checkpoint(session, at, clock);
                yield return new RunStopped(reason);
                yield break;
            }
            yield return new MetricsRecorded(EndEpoch(session, at, seen));
            yield return Checkpoint(session, at, clock);
            kept = (at.Epoch, at.Step);
            if (clock.Due(0) || at.Epoch == _spec.Epochs) yield return Progress(session, at, clock);
        }

        var weights = StateDictFile.Writer(session.Network.Module, new Dictionary<string, string>(StringComparer.Ordinal));
        yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Weights, at.Epoch, 0, weights.Length, weights.WriteTo);
        yield return new RunFinished(new TrainResult
        {
            Seconds = at.SecondsBefore + clock.Seconds,
            Provenance = provenance,
            Epochs = _spec.Epochs,
            Parameters = session.Network.ParameterCount,
            FinalLoss = at.LastLoss,
            FinalTrainAccuracy = at.LastAccuracy,
            Selected = null,
        });
    }

    TrainingSession Open()
    {
        var device = ComputeEnvironment.DeviceOf(payload.Compute);
        var images = DatasetReader.Read(payload.Dataset, DataSplit.Train, request.DataFolder);
        using var scope = NewDisposeScope();
        var teacher = payload.LabelAggregation is { } aggregation
            ? TeacherLabels.Read(request.File(InputRoles.Labels), aggregation, payload.Dataset, device)
            : null;
        return new TrainingSession(payload, images, teacher, device);
    }

    TrainingMonitor? Monitor(TrainingSession session) =>
        _spec.Monitor is { } spec
            ? new TrainingMonitor(
                spec,
                DatasetReader.Read(payload.Dataset with { TestImages = spec.Images }, DataSplit.Test, request.DataFolder),
                session.Network,
                _spec.InputNoise,
                payload.Seed,
                ComputeEnvironment.DeviceOf(payload.Compute))
            : null;

    // Whatever the numbers depend on; a resume point of anything else is refused.
    string FingerprintOf() => CanonicalJson.Sha256Of(new
    {
        Payload = (JobPayload)payload,
        Labels = payload.LabelAggregation is null ? null : Sha256Of(request.File(InputRoles.Labels)),
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

    MonitoredAccuracies? Look(TrainingMonitor monitor, TrainingPosition at, StopSignal stop)
    {
        try
        {
            return monitor.Look(at.Epoch + 1, stop);
        }
        catch (ArithmeticException e)
        {
            throw Diverged(at, e.Message, e);
        }
    }

    // Closes the epoch in `at` and returns its points.
    List<MetricPoint> EndEpoch(TrainingSession session, TrainingPosition at, MonitoredAccuracies? seen)
    {
        var means = Means(session, at);
        var rate = session.LearningRateAt(at.Epoch, session.StepsPerEpoch - 1);
        at.EndEpoch(means[EpochSum.Loss], means[EpochSum.Correct]);
        session.Sums.Clear();

        var points = new List<MetricPoint>();
        void Add(string series, double value) => points.Add(new(at.NextOrdinal(), series, at.Epoch, (long)at.Epoch * session.StepsPerEpoch, value));
        Add(MetricSeries.TrainLoss, means[EpochSum.Loss]);
        Add(MetricSeries.TrainAccuracy, means[EpochSum.Correct]);
        Add(MetricSeries.LearningRate, rate);
        foreach (var (term, series) in LossTerms.Of(_spec, at.Epoch - 1)) Add(series, means[term]);
        if (seen is not null) Add(MetricSeries.MonitorClean, seen.Clean);
        if (seen?.Adversarial is { } adversarial) Add(MetricSeries.MonitorAdversarial, adversarial);
        return points;
    }

    CheckpointTaken Checkpoint(TrainingSession session, TrainingPosition at, ProgressClock clock)
    {
        if (at.Step > 0) Means(session, at);
        var file = ResumePoint.Writer(session.Network.Module, session.Optimizer, at.Counters(session, clock.Seconds));
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
