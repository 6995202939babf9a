using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;

namespace KdRobust.Worker.Rows;

/// <summary>How many epochs fit into a time, from a short training of the same network measured on this machine.</summary>
/// <param name="Epochs">At least 1, at most the spec's.</param>
/// <param name="ImagesPerSecond">Training images a second, with their attacks.</param>
sealed record EpochFit(int Epochs, double ImagesPerSecond)
{
    // 16 steps: long enough for a device to be busy.
    const int Steps = 16;
    // Looks are float32, where training may be bfloat16, and a checkpoint ends every epoch.
    const double LookCost = 2, Spare = 0.9;

    /// <summary>Measures and divides; null when stopped meanwhile.</summary>
    /// <param name="payload">The training.</param>
    /// <param name="minutes">The time.</param>
    /// <param name="dataFolder">Folder of the data sets, or null.</param>
    /// <param name="stop">Ends the measurement.</param>
    internal static EpochFit? Measure(TrainPayload payload, double minutes, string? dataFolder, StopSignal stop)
    {
        var spec = payload.Training;
        var images = Math.Min(payload.Dataset.TrainImages, Steps * spec.BatchSize);
        var sample = payload with
        {
            Dataset = payload.Dataset with { TrainImages = images },
            Training = spec with { Epochs = 1, Monitor = null, Selection = null, Adversarial = spec.Adversarial is { } a ? a with { FromEpoch = 0 } : null },
        };
        // The first of two pays for what is loaded and chosen once.
        if (Seconds(sample, dataFolder, stop) is null || Seconds(sample, dataFolder, stop) is not { } seconds) return null;
        return Of(spec, payload.Dataset.TrainImages, images / seconds, minutes);
    }

    /// <summary>The division alone.</summary>
    internal static EpochFit Of(TrainingSpec spec, int images, double imagesPerSecond, double minutes)
    {
        var heldOut = spec.Selection is { From: SelectionSet.HeldOut, Images: var n } ? n : 0;
        var looks = ((double)(spec.Monitor?.Images ?? 0) / (spec.Monitor?.Every ?? 1)) + ((double)(spec.Selection?.Images ?? 0) / (spec.Selection?.Every ?? 1));
        var epoch = (images - heldOut + (LookCost * looks)) / imagesPerSecond;
        return new EpochFit((int)Math.Clamp(minutes * 60 * Spare / epoch, 1, spec.Epochs), imagesPerSecond);
    }

    static double? Seconds(TrainPayload sample, string? dataFolder, StopSignal stop)
    {
        var request = new RunRequest(Guid.Empty, "measure", sample, new Dictionary<string, string>(StringComparer.Ordinal), null, dataFolder);
        return RunCatalog.Create(request).Execute(stop).OfType<RunFinished>().FirstOrDefault()?.Result.Seconds;
    }
}
