using System.Globalization;
using KdRobust.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Memory;

/// <summary>The heap of large CPU tensors: no page is faulted in twice, blocks do not overlap, freed memory is found again.</summary>
public sealed class HostMemoryTests
{
    const string HeapOfHost = "the heap is the host's";

    [DeviceFact(CpuOnly = HeapOfHost)]
    public void The_same_work_again_faults_no_page_in()
    {
        HostMemory.KeepsFreed.ShouldBeTrue();
        Work(3);
        var before = MinorFaults();
        Work(50);
        // 50 times 2 tensors of 8 MiB are 204,800 pages when each is taken from the system anew.
        (MinorFaults() - before).ShouldBeLessThan(20_000);
    }

    [DeviceFact(CpuOnly = HeapOfHost)]
    public void Freed_neighbours_merge_so_that_the_heap_does_not_grow()
    {
        const long Mebibyte = 1 << 20;
        using (NewDisposeScope())
            _ = empty([64 * Mebibyte], ScalarType.Byte);
        var (inUse, _, extent) = HostMemory.Figures;
        for (var pieces = 1; pieces <= 64; pieces *= 2)
        {
            using (NewDisposeScope())
            {
                for (var i = 0; i < pieces; i++)
                    _ = empty([64 * Mebibyte / pieces], ScalarType.Byte);
                HostMemory.Figures.InUse.ShouldBe(inUse + 64 * Mebibyte);
            }
        }
        HostMemory.Figures.ShouldBe((inUse, HostMemory.Figures.Peak, extent));
    }

    [DeviceTheory(CpuOnly = HeapOfHost)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_never_overlap(int seed)
    {
        var random = new Random(seed);
        var held = new List<(Tensor Tensor, long Value)>();
        for (var step = 1; step <= 400; step++)
        {
            if (held.Count > 0 && random.Next(100) < 48)
            {
                var at = random.Next(held.Count);
                Check(held[at]);
                held[at].Tensor.Dispose();
                held.RemoveAt(at);
            }
            else
            {
                held.Add((full([random.Next(1, 1 << 17)], step, ScalarType.Int64), step));
            }
        }
        held.ForEach(Check);
        held.ForEach(entry => entry.Tensor.Dispose());

        static void Check((Tensor Tensor, long Value) entry)
        {
            using var right = entry.Tensor.eq((Scalar)entry.Value);
            using var all = right.all();
            all.item<bool>().ShouldBeTrue();
        }
    }

    [DeviceFact(CpuOnly = HeapOfHost)]
    public async Task Threads_share_the_heap()
    {
        var (inUse, _, _) = HostMemory.Figures;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => Blocks_never_overlap(seed))));
        HostMemory.Figures.InUse.ShouldBe(inUse);
    }

    [DeviceFact(CpuOnly = HeapOfHost)]
    public void Freed_memory_is_given_back_when_asked()
    {
        using (NewDisposeScope())
            _ = ones([256 << 20], ScalarType.Byte);
        var before = ResidentBytes();
        HostMemory.Trim();
        (before - ResidentBytes()).ShouldBeGreaterThan(200 << 20);
    }

    private static void Work(int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var scope = NewDisposeScope();
            _ = ones([2 << 20]) + 1;
        }
    }

    private static long MinorFaults() =>
        long.Parse(File.ReadAllText("/proc/self/stat").Split(") ")[1].Split(' ')[7], CultureInfo.InvariantCulture);

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
