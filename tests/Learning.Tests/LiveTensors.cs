using KdRobust.Torch;

// Leaks are counted over the whole process, and one thread computes anyway.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KdRobust.Learning.Tests;

/// <summary>Counts the tensors a piece of code leaves alive.</summary>
static class LiveTensors
{
    /// <summary>Tensors alive now, after those that earlier tests forgot are gone.</summary>
    internal static long Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return TensorStatistics.Live;
    }
}
