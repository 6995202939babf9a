using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>What the looks after an epoch saw; null where none was due.</summary>
/// <param name="Monitored">On the monitor's images, by the weights in training.</param>
/// <param name="Selecting">The accuracy that selects, by the average where there is one.</param>
internal sealed record EpochLooks(ProbedAccuracies? Monitored, double? Selecting);

/// <summary>
/// The two looks at a network in training: the monitor, for the curves over epochs, and the one that selects the best
/// epoch. Each has images and draws of its own.
/// </summary>
internal sealed class TrainingLooks : IDisposable
{
    readonly TrainingSpec _spec;
    readonly AccuracyProbe? _monitor;
    readonly AccuracyProbe? _selection;

    /// <param name="payload">What is trained.</param>
    /// <param name="session">The training.</param>
    /// <param name="trainImages">All training images, those held out too.</param>
    /// <param name="dataFolder">Where test images are read from.</param>
    /// <param name="device">Where everything lives.</param>
    public TrainingLooks(TrainPayload payload, TrainingSession session, LabelledImages trainImages, string? dataFolder, Device device)
    {
        _spec = payload.Training;
        var seeds = new SeedTree(payload.Seed);
        LabelledImages Test(int images) => DatasetReader.Read(payload.Dataset with { TestImages = images }, DataSplit.Test, dataFolder);
        if (_spec.Monitor is { } monitor)
            _monitor = new AccuracyProbe(monitor.Attack, Test(monitor.Images), 0, session.Network, _spec.InputNoise, seeds.Branch("monitor"), device);
        if (_spec.Selection is { } selection)
        {
            var heldOut = selection.From == SelectionSet.HeldOut;
            _selection = new AccuracyProbe(
                selection.Attack,
                heldOut ? trainImages.Last(selection.Images) : Test(selection.Images),
                heldOut ? trainImages.Count - selection.Images : 0,
                session.Selectable,
                _spec.InputNoise,
                seeds.Branch("selection"),
                device);
        }
    }

    /// <summary>Looks at the network after <paramref name="finished"/> epochs; null when stopped in between.</summary>
    /// <exception cref="ArithmeticException">The network's answers are not finite.</exception>
    public EpochLooks? After(int finished, StopSignal stop)
    {
        ProbedAccuracies? monitored = null, selecting = null;
        if (_monitor is not null && IsDue(_spec.Monitor!.Every, finished) && (monitored = _monitor.Look(finished, stop)) is null) return null;
        if (_selection is not null && IsDue(_spec.Selection!.Every, finished) && (selecting = _selection.Look(finished, stop)) is null) return null;
        return stop.Requested is null ? new EpochLooks(monitored, selecting?.Adversarial ?? selecting?.Clean) : null;
    }

    bool IsDue(int every, int finished) => finished % every == 0 || finished == _spec.Epochs;

    public void Dispose()
    {
        _monitor?.Dispose();
        _selection?.Dispose();
    }
}
