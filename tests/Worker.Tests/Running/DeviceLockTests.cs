using System.Diagnostics;
using KdRobust.Worker.Running;

namespace KdRobust.Worker.Tests.Running;

public sealed class DeviceLockTests
{
    [Fact]
    public async Task Second_holder_waits_for_the_first_or_gives_up_in_words()
    {
        var path = Path.Combine(Path.GetTempPath(), $"kdr-lock-{Guid.NewGuid():N}", "cpu-0");
        try
        {
            var first = DeviceLock.Take(path, TimeSpan.Zero);
            Should.Throw<TimeoutException>(() => DeviceLock.Take(path, TimeSpan.FromMilliseconds(50))).Message.ShouldContain(path);
            var second = Task.Run(() => DeviceLock.Take(path, TimeSpan.FromSeconds(20)));
            second.IsCompleted.ShouldBeFalse();
            first.Dispose();
            (await second).Dispose();
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public async Task Lock_of_a_killed_process_is_free()
    {
        var path = Path.Combine(Path.GetTempPath(), $"kdr-lock-{Guid.NewGuid():N}");
        File.WriteAllText(path, "");
        try
        {
            using var holder = Process.Start(new ProcessStartInfo("flock", [path, "sh", "-c", "echo held; exec sleep 60"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
            (await holder.StandardOutput.ReadLineAsync()).ShouldBe("held");
            Should.Throw<TimeoutException>(() => DeviceLock.Take(path, TimeSpan.Zero));
            holder.Kill(entireProcessTree: true);
            DeviceLock.Take(path, TimeSpan.FromSeconds(20)).Dispose();
        }
        finally
        {
            File.Delete(path);
        }
    }
}
