using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>
/// Whether the scratch folder takes files. A worker whose disk is full would else be the first to take each job and would use
/// up its attempts one after the other, while others have room: it gives jobs back and takes none before a file can be written.
/// </summary>
/// <param name="folder">The scratch folder.</param>
/// <param name="time">Measures the pauses.</param>
/// <param name="log">Told of each failure.</param>
sealed class ScratchRoom(string folder, TimeProvider time, ILogger<ScratchRoom> log)
{
    const int TrialBytes = 1 << 20;
    static readonly TimeSpan First = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(1);

    readonly Lock guard = new();
    TimeSpan pause;
    long failedAt;

    /// <summary>A file could not be written: the next job is taken after a pause, twice as long each time.</summary>
    internal void Failed(IOException error)
    {
        TimeSpan wait;
        lock (guard)
        {
            pause = wait = pause == TimeSpan.Zero ? First : pause * 2 < Longest ? pause * 2 : Longest;
            failedAt = time.GetTimestamp();
        }
        WorkerLog.NoRoom(log, folder, error.Message, wait.TotalSeconds);
    }

    /// <summary>A job's files were written.</summary>
    internal void Served()
    {
        lock (guard)
            pause = TimeSpan.Zero;
    }

    /// <summary>Returns at once while nothing has failed; else after the pause, as soon as a file can be written.</summary>
    internal async Task Wait(CancellationToken ct)
    {
        while (Left() is { } left)
        {
            if (left > TimeSpan.Zero)
                await Task.Delay(left, time, ct);
            try
            {
                await Try(ct);
                return;
            }
            catch (IOException error)
            {
                Failed(error);
            }
        }
    }

    TimeSpan? Left()
    {
        lock (guard)
            return pause == TimeSpan.Zero ? null : pause - time.GetElapsedTime(failedAt);
    }

    async Task Try(CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var trial = Path.Combine(folder, $"room.{Guid.NewGuid():N}");
        try
        {
            await File.WriteAllBytesAsync(trial, new byte[TrialBytes], ct);
        }
        finally
        {
            File.Delete(trial);
        }
    }
}
