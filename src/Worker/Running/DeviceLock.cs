using System.Diagnostics;

namespace KdRobust.Worker.Running;

/// <summary>
/// The right to compute on a device: a lock on a file, held by the run process itself and freed by the kernel when it
/// ends, however it ends. A successor waits here until its predecessor is gone.
/// </summary>
sealed class DeviceLock : IDisposable
{
    readonly FileStream file;

    DeviceLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock, waiting for whoever holds it.</summary>
    /// <exception cref="TimeoutException">It was not free within the limit.</exception>
    internal static DeviceLock Take(string path, TimeSpan limit)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var pause = new ManualResetEventSlim();
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new DeviceLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException held) when (held.GetType() == typeof(IOException))
            {
                if (Stopwatch.GetElapsedTime(begun) > limit)
                    throw new TimeoutException($"{path} is locked by another run process: find it with 'fuser {path}', or give this worker another --name", held);
                pause.Wait(20);
            }
        }
    }

    public void Dispose() => file.Dispose();
}
