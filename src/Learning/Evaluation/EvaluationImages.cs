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

    /// <summary>The images of <paramref name="split"/> that a job asks about, on the device.</summary>
    /// <exception cref="RunInputException">The data cannot be read, or the payload asks for more images than its data set section names.</exception>
    public static DeviceImages Open(ImagesPayload payload, DataSplit split, string? dataFolder)
    {
        var all = DatasetReader.Read(payload.Dataset, split, dataFolder);
        return payload.Images <= all.Count
            ? new DeviceImages(all.In(payload.Range), Runs.ComputeEnvironment.DeviceOf(payload.Compute), payload.Range.First)
            : throw new RunInputException($"images: {payload.Images}, but dataset.{(split == DataSplit.Train ? "trainImages" : "testImages")} is {all.Count}");
    }
}
