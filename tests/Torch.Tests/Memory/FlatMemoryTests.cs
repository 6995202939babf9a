using System.Globalization;
using KdRobust.Support;

namespace KdRobust.Torch.Tests.Memory;

public sealed class FlatMemoryTests
{
    /// <summary>In a process of its own: half a million scopes of four tensors, resident memory read along the way.</summary>
    [DeviceFact(NeedsDotnet = true)]
    public async Task Two_million_tensors_take_no_more_memory_than_the_first()
    {
        var run = await ChildProgram.Run("allocate");
        run.ExitCode.ShouldBe(0, run.Text);
        var kibibytes = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).ToArray();

        kibibytes.Length.ShouldBe(5); // after 100k, then each further quarter of the half million
        (kibibytes[^1] - kibibytes[0]).ShouldBeLessThan(24 * 1024, $"resident KiB: {string.Join(", ", kibibytes)}");
    }
}
