using KdRobust.Domain.Jobs;
using KdRobust.Worker.Devices;

namespace KdRobust.Worker.Tests.Devices;

public sealed class NvidiaSmiTests
{
    [Fact]
    public void Printed_lines_are_read_and_what_a_card_does_not_tell_is_unknown()
    {
        var read = NvidiaSmi.Parse(
            """
            0, NVIDIA H100 80GB HBM3, 81559, 12034, 69524, 87
            1, NVIDIA GeForce GTX 750, 2048, 300, 1748, [Not Supported]
            3, GRID T4-2Q, [N/A], [N/A], [N/A], [N/A]
            """);
        read.ShouldBe([
            new GpuReading(0, "NVIDIA H100 80GB HBM3", 81_559, 12_034, 69_524, 0.87),
            new GpuReading(1, "NVIDIA GeForce GTX 750", 2048, 300, 1748, null),
            new GpuReading(3, "GRID T4-2Q", null, null, null, null),
        ]);
        read[0].ForPeople.Device.ShouldBe("cuda:0");
    }

    [Theory]
    [InlineData("")]
    [InlineData("No devices were found\n")]
    [InlineData("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n")]
    public void Anything_else_is_no_gpu(string printed) => NvidiaSmi.Parse(printed).ShouldBeEmpty();

    [Fact]
    public async Task Missing_tool_tells_nothing_and_is_not_asked_again()
    {
        var smi = new NvidiaSmi(TimeProvider.System, "kdr-no-such-program");
        (await smi.Read(CancellationToken.None)).ShouldBeEmpty();
        (await smi.Read(CancellationToken.None)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total capacity)", FailureKind.OutOfMemory, null)]
    [InlineData("[enforce fail at alloc_cpu.cpp:73] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 1000 bytes", FailureKind.OutOfMemory, null)]
    [InlineData("CUDA error: uncorrectable ECC error encountered\nCUDA kernel errors might be asynchronously reported", FailureKind.Hardware, "cudaErrorECCUncorrectable")]
    [InlineData("CUDA error: unspecified launch failure", FailureKind.Hardware, "cudaErrorLaunchFailure")]
    [InlineData("CUDA error: device-side assert triggered", FailureKind.Crash, null)]
    [InlineData("Segmentation fault", FailureKind.Crash, null)]
    public void Errors_are_told_apart_by_the_words_of_their_libraries(string text, FailureKind kind, string? name)
    {
        DeviceFault.KindOf(text).ShouldBe(kind);
        DeviceFault.KindOf(new InvalidOperationException(text)).ShouldBe(kind);
        DeviceFault.HardwareErrorIn(text).ShouldBe(name);
    }
}
