using System.Diagnostics;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Running;

namespace KdRobust.Service.Bench;

/// <summary>What a simulated run does.</summary>
/// <param name="Seconds">How long it takes.</param>
/// <param name="StepMilliseconds">Between two looks at whether to stop, and two tellings.</param>
/// <param name="PointsPerStep">Numbers it tells a step.</param>
/// <param name="CheckpointMebibytes">Size of its resume points; 0 for none.</param>
/// <param name="CheckpointEverySeconds">Between two of them.</param>
sealed record SimulatedWork(double Seconds, int StepMilliseconds = 10, int PointsPerStep = 0, int CheckpointMebibytes = 0, double CheckpointEverySeconds = 1)
{
    /// <summary>Environment variable that holds it.</summary>
    public const string Variable = "KDR_SIMULATED_WORK";

    public string ToJson() => JsonSerializer.Serialize(this);

    public static SimulatedWork Read() => JsonSerializer.Deserialize<SimulatedWork>(Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set"))!;
}

/// <summary>
/// Runs that wait instead of computing, and tell what a training tells, through the same run process, pipe and supervisor. A
/// run says itself how long telling has kept it from its work.
/// </summary>
sealed class SimulatedRuns : IRunSource
{
    /// <summary>Seconds in all, seconds in which numbers were told, seconds in which resume points were, and how many of those: one number each, at the end.</summary>
    public const string Seconds = "bench/seconds", HeldByMetrics = "bench/held-by-metrics", HeldByCheckpoints = "bench/held-by-checkpoints", Checkpoints = "bench/checkpoints";

    /// <inheritdoc/>
    public RunProvenance Open(ComputeSpec compute) => Provenance(compute);

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(RunRequest request, StopSignal stop)
    {
        var work = SimulatedWork.Read();
        var content = new byte[work.CheckpointMebibytes << 20];
        new Random(1).NextBytes(content);
        var (begun, ordinal, step, checkpoints) = (Stopwatch.GetTimestamp(), 0L, 0, 0);
        var (metrics, files, saved) = (TimeSpan.Zero, TimeSpan.Zero, 0.0);
        for (var seconds = 0.0; seconds < work.Seconds; seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds)
        {
            Wait((int)Math.Min(work.StepMilliseconds, Math.Ceiling((work.Seconds - seconds) * 1000)));
            step++;
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
            if (work.PointsPerStep > 0)
            {
                var told = Stopwatch.GetTimestamp();
                yield return new MetricsRecorded([.. Enumerable.Range(0, work.PointsPerStep).Select(i => new MetricPoint(ordinal + i, MetricSeries.TrainLoss, 0, step, step))]);
                ordinal += work.PointsPerStep;
                metrics += Stopwatch.GetElapsedTime(told);
            }
            if (work.CheckpointMebibytes > 0 && seconds - saved >= work.CheckpointEverySeconds)
            {
                // New bytes at every place a chunk begins: nothing is stored already.
                for (var at = 0; at < content.Length; at += 1 << 16) content[at]++;
                (saved, checkpoints) = (seconds, checkpoints + 1);
                var told = Stopwatch.GetTimestamp();
                yield return new CheckpointTaken(CheckpointRole.Resume, "resume", checkpoints, step, content.Length, stream => stream.Write(content));
                files += Stopwatch.GetElapsedTime(told);
            }
        }
        var all = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        if (work.PointsPerStep + work.CheckpointMebibytes > 0)
            yield return new MetricsRecorded(
                [new(ordinal, Seconds, 0, 0, all), new(ordinal + 1, HeldByMetrics, 0, 0, metrics.TotalSeconds), new(ordinal + 2, HeldByCheckpoints, 0, 0, files.TotalSeconds), new(ordinal + 3, Checkpoints, 0, 0, checkpoints)]);
        yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Weights, 0, 0, 8, stream => stream.Write(BitConverter.GetBytes(request.Payload.Seed)));
        yield return new RunFinished(Result(request.Payload.Compute, all));
    }

    /// <summary>What a simulated run finds.</summary>
    public static TrainResult Result(ComputeSpec compute, double seconds) =>
        new() { Seconds = seconds, Provenance = Provenance(compute), Epochs = 1, Parameters = 1, FinalLoss = 1, FinalTrainAccuracy = 0.5, Selected = null };

    static RunProvenance Provenance(ComputeSpec compute) => new("simulated", "none", "none", "cpu", compute.Threads);

    static void Wait(int milliseconds)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(milliseconds);
    }
}
