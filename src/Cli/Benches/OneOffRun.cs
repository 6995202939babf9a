using System.Diagnostics;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary>What a one-off process did.</summary>
/// <param name="Seconds">From its start to its end.</param>
/// <param name="Cpu">Processor seconds of the whole process.</param>
/// <param name="PeakMiB">Largest resident memory it had, in MiB.</param>
/// <param name="Results">What its jobs found, in no order.</param>
sealed record Alone(double Seconds, double Cpu, double PeakMiB, IReadOnlyList<JobResult> Results)
{
    /// <summary>What the training of a spec with one job found.</summary>
    public TrainResult Result => (TrainResult)Results.Single();
}

/// <summary>Runs a spec as <c>kdr run</c> does: in the worker's executable, without service or database.</summary>
sealed class OneOffRun(CommandContext context)
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it in an empty folder, which is deleted afterwards.</summary>
    /// <param name="spec">The spec as JSON.</param>
    /// <param name="ct">Not looked at while it runs: Ctrl-C reaches it by itself.</param>
    /// <exception cref="CommandFailedException">It failed; the message is its last line.</exception>
    public async Task<Alone> Run(string spec, CancellationToken ct)
    {
        // Beside the service's database, so that both write to the same disk.
        var folder = Path.Combine(context.Folders.State, "bench-run");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        LocalFolders.MakePrivate(folder);
        try
        {
            var file = Path.Combine(folder, "spec.json");
            await File.WriteAllTextAsync(file, spec, ct);
            var start = WorkerProcess.Start(context.Folders, ["run", file, "--out", folder, "--json"]);
            start.RedirectStandardOutput = start.RedirectStandardError = true;
            if (DataFolder.Find(context.Folders, null, context.Environment) is { } data) start.Environment["KDR_DATA"] = data.Path;
            var cpu = ProcessUse.CpuSecondsOfEndedChildren();
            var begun = Stopwatch.GetTimestamp();
            using var process = await ChildLauncher.Start(start);
            var said = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var told = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var peak = 0.0;
            var ended = process.WaitForExitAsync(CancellationToken.None);
            while (await Task.WhenAny(ended, Task.Delay(Every, CancellationToken.None)) != ended)
                peak = Math.Max(peak, ProcessUse.PeakMiB(process.Id) ?? 0);
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            cpu = ProcessUse.CpuSecondsOfEndedChildren() - cpu;
            await said;
            if (process.ExitCode != 0)
                throw new CommandFailedException(ExitCode.Failed, $"kdr run failed: {(await told).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "it said nothing"}");
            var results = Directory.GetFiles(folder, "result.json", SearchOption.AllDirectories)
                .Select(result => JsonSerializer.Deserialize<JobResult>(File.ReadAllText(result), ServiceJson.Options)!).ToList();
            return new(seconds, cpu, peak, results);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
