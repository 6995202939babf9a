using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>The first images of a split as an evaluation sees them: un-augmented, in record order.</summary>
internal static class EvaluationImages
{
    /// <summary>
    /// Images at once in a forward or an attack pass. Fixed for each kind of device, because float sums depend on it in the
    /// last bit, and a divisor of the blocks of 256 that share a seed. On a CPU core 64 is a little faster than 256; a GPU
    /// needs the larger batch to be busy.
    /// </summary>
    public static int BatchSize(Device device) => device.type == TorchSharp.DeviceType.CUDA ? 256 : 64;

    /// <summary>The first <paramref name="images"/> images of <paramref name="split"/> on the device.</summary>
    /// <exception cref="RunInputException">The data cannot be read, or the payload asks for more images than its data set section names.</exception>
    public static DeviceImages Open(JobPayload payload, DataSplit split, int images, string? dataFolder)
    {
        var all = DatasetReader.Read(payload.Dataset, split, dataFolder);
        return images <= all.Count
            ? new DeviceImages(all.First(images), Runs.ComputeEnvironment.DeviceOf(payload.Compute))
            : throw new RunInputException($"images: {images}, but dataset.{(split == DataSplit.Train ? "trainImages" : "testImages")} is {all.Count}");
    }
}
