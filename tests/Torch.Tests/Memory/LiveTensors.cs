namespace KdRobust.Torch.Tests.Memory;

/// <summary>The count of live tensors, without those that other tests left to the collector.</summary>
static class LiveTensors
{
    /// <summary>The tensors that live once the collector has freed what nobody holds.</summary>
    internal static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return TensorStatistics.Live;
    }
}
