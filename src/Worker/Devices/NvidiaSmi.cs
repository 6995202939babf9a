using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using KdRobust.Persistence.Workers;

namespace KdRobust.Worker.Devices;

/// <summary>One GPU as nvidia-smi reads it; what it does not tell is null.</summary>
/// <param name="Index">As in CUDA_VISIBLE_DEVICES.</param>
/// <param name="Name">Of the product.</param>
/// <param name="MemoryTotalMiB">Memory.</param>
/// <param name="MemoryUsedMiB">Of it used, by any process.</param>
/// <param name="MemoryFreeMiB">Of it free.</param>
/// <param name="Utilisation">Share of the last moment in which a kernel ran, in [0,1].</param>
sealed record GpuReading(int Index, string Name, int? MemoryTotalMiB, int? MemoryUsedMiB, int? MemoryFreeMiB, double? Utilisation)
{
    /// <summary>For the worker's row.</summary>
    internal DeviceReading ForPeople => new(string.Create(CultureInfo.InvariantCulture, $"cuda:{Index}"), Name, MemoryTotalMiB, MemoryUsedMiB, Utilisation);
}

/// <summary>
/// The GPUs of this host by the driver's own tool. Where it is missing, or does not answer, nothing is known and nothing is
/// held back: the guard of the memory is a help, no promise.
/// </summary>
sealed class NvidiaSmi(TimeProvider time, string program = "nvidia-smi")
{
    // A claim asks before each job; two in a row may see the same.
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(5);

    readonly SemaphoreSlim asking = new(1, 1);
    IReadOnlyList<GpuReading> readings = [];
    long? readAt;
    bool missing;

    /// <summary>Every GPU of this host; none where the tool does not answer.</summary>
    internal async Task<IReadOnlyList<GpuReading>> Read(CancellationToken ct)
    {
        await asking.WaitAsync(ct);
        try
        {
            if (missing || (readAt is { } at && time.GetElapsedTime(at) < Fresh))
                return readings;
            readings = Parse(await Ask(ct));
            readAt = time.GetTimestamp();
            return readings;
        }
        finally
        {
            asking.Release();
        }
    }

    /// <summary>Reads what the tool printed, one GPU a line: index, name, memory total, used, free in MiB, utilisation in %.</summary>
    internal static IReadOnlyList<GpuReading> Parse(string printed)
    {
        var found = new List<GpuReading>();
        foreach (var line in printed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var words = line.Split(',', StringSplitOptions.TrimEntries);
            if (words.Length == 6 && Number(words[0]) is { } index)
                found.Add(new GpuReading(index, words[1], Number(words[2]), Number(words[3]), Number(words[4]), Number(words[5]) / 100.0));
        }
        return found;
    }

    // "[N/A]", "[Not Supported]" and the like are no numbers.
    static int? Number(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    async Task<string> Ask(CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, ["--query-gpu=index,name,memory.total,memory.used,memory.free,utilization.gpu", "--format=csv,noheader,nounits"])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Remove(Persistence.Schema.Database.Variable);
        try
        {
            using var process = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Patience);
            try
            {
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                var printed = await process.StandardOutput.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                await errors;
                return process.ExitCode == 0 ? printed : "";
            }
            catch (OperationCanceledException)
            {
                // A driver that hangs must not hang the claims.
                process.Kill();
                ct.ThrowIfCancellationRequested();
                return "";
            }
        }
        catch (Win32Exception)
        {
            missing = true;
            return "";
        }
    }
}
