using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class ComputeEnvironmentTests
{
    [DeviceFact]
    public void Pinning_sets_the_threads_and_records_what_computes()
    {
        var provenance = ComputeEnvironment.Pin(TinyExperiment.Compute);

        get_num_threads().ShouldBe(1);
        provenance.Threads.ShouldBe(1);
        provenance.Device.ShouldBe(TestDevice.Name);
        provenance.Libtorch.ShouldNotBeNullOrEmpty();
        provenance.Blas.ShouldContain("thread");
    }

    [DeviceFact]
    public void A_missing_GPU_is_an_error_that_says_what_to_do()
    {
        if (cuda.is_available()) return;

        Should.Throw<RunInputException>(() => ComputeEnvironment.Pin(TinyExperiment.Compute with { Device = DeviceKind.Cuda })).Message.ShouldContain("kdr doctor");
    }
}
