using System.Runtime.CompilerServices;
using KdRobust.Support;
using TorchSharp;

namespace KdRobust.Torch.Tests;

/// <summary>Makes the device of <see cref="TestDevice"/> the default of all tests here, before the first of them.</summary>
static class ComputingDevice
{
    [ModuleInitializer]
    internal static void Set()
    {
        if (TestDevice.Name == "cpu" || TestDevice.Missing is not null) return;
        DefaultDevice.OfProcess = torch.CUDA;
        // Values are compared with those of a CPU, which rounds no factor to 10 bits.
        torch.backends.cudnn.allow_tf32 = false;
        torch.backends.cuda.matmul.allow_tf32 = false;
        TorchRuntime.CudnnDeterministic = true;
    }
}
