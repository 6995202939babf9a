using System.Buffers.Binary;
using System.Diagnostics;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Running;

namespace KdRobust.ActionWorker;

/// <summary>Runs that go through epochs, keep a state, take a resume point after each, and can die in every way.</summary>
sealed class ActionRuns : IRunSource
{
    public RunProvenance Open(ComputeSpec compute) => new("test", "none", "none", "cpu", compute.Threads);

    public IEnumerable<RunEvent> Execute(RunRequest request, StopSignal stop)
    {
        var folder = request.DataFolder ?? throw new RunInputException("the tests give a data folder");
        var seed = request.Payload.Seed;
        if (request.Payload is ImportPayload import)
        {
            foreach (var told in Import(request, import))
                yield return told;
            yield break;
        }
        var script = ActionScript.Read(folder, seed);
        var (epoch, state) = request.ResumeFrom is { } file ? Restore(file) : (0, (ulong)seed);
        while (epoch < script.Epochs)
        {
            epoch++;
            File.AppendAllText(ActionScript.LogFile(folder, seed), $"{Environment.ProcessId} {epoch}\n");
            Pause(script.MillisecondsPerEpoch);
            var breaks = false;
            foreach (var action in script.Actions?.Where(action => action.Epoch == epoch) ?? [])
            {
                breaks |= action.Action == RunAction.BreakCheckpoint && IsDue(folder, seed, action);
                Do(action, folder, seed, stop);
            }
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
            state = ActionScript.Step(state, epoch);
            yield return new MetricsRecorded([new MetricPoint(epoch - 1, MetricSeries.TrainLoss, epoch, epoch, ActionScript.Loss(state))]);
            yield return Checkpoint(CheckpointRole.Resume, "resume", epoch, state, script.CheckpointBytes, breaks);
            yield return new ProgressMade(new JobProgress("train", epoch, script.Epochs, "epoch", ActionScript.Loss(state), null, 500, null));
        }
        yield return Checkpoint(CheckpointRole.Output, request.Payload is SmoothingEvalPayload ? OutputNames.Labels : OutputNames.Weights, epoch, state, script.CheckpointBytes, false);
        yield return new RunFinished(Result(request.Payload, request.MicroBatch, state));
    }

    /// <summary>Stores the very bytes it was given as its weights, and says from which file.</summary>
    static IEnumerable<RunEvent> Import(RunRequest request, ImportPayload import)
    {
        var path = request.Inputs[InputRoles.File];
        var content = File.ReadAllBytes(path);
        yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Weights, 0, 0, content.Length, stream => stream.Write(content));
        yield return new RunFinished(new ImportResult
        {
            Source = "PyTorch legacy file, state_dict", Seconds = 1, Provenance = new RunProvenance("test", "none", "none", "cpu", import.Compute.Threads), Parameters = content.Length, Mapped = [new(Path.GetFileName(path), "weights")], Skipped = [],
        });
    }

    static void Do(ScriptedAction action, string folder, long seed, StopSignal stop)
    {
        if (action.Action == RunAction.BreakCheckpoint || !IsDue(folder, seed, action))
            return;
        switch (action.Action)
        {
            case RunAction.Kill:
                Process.GetCurrentProcess().Kill();
                Pause(Timeout.Infinite);
                break;
            case RunAction.Throw:
                throw new InvalidOperationException("a bug, as scripted");
            case RunAction.RefuseInput:
                throw new RunInputException("train.bin ends at byte 12: fetch it again");
            case RunAction.BadWeather:
                throw new IOException("the disk is away");
            case RunAction.Hang:
                Pause(Timeout.Infinite);
                break;
            case RunAction.Busy:
                var begun = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(begun).TotalMilliseconds < action.Milliseconds)
                    ActionScript.StateAfter(seed, 1000);
                break;
            case RunAction.OutOfMemory:
                throw new InvalidOperationException("CUDA out of memory. Tried to allocate 2.00 GiB");
            case RunAction.BreakDevice:
                throw new InvalidOperationException("CUDA error: uncorrectable ECC error encountered");
            case RunAction.FillTemp:
                File.WriteAllBytes(Path.Combine(Path.GetTempPath(), "large"), new byte[2 << 20]);
                Pause(Timeout.Infinite);
                break;
            case RunAction.Wait:
                while (stop.Requested is null && !File.Exists(ActionScript.GoFile(folder, seed)))
                    Pause(10);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action.Action, "not an action");
        }
    }

    /// <summary>True the first so many times, over all attempts: each leaves a line in a file.</summary>
    static bool IsDue(string folder, long seed, ScriptedAction action)
    {
        var file = ActionScript.MarkerFile(folder, seed, action.Epoch, action.Action);
        if (File.Exists(file) && File.ReadAllLines(file).Length >= action.Times)
            return false;
        File.AppendAllText(file, "done\n");
        return true;
    }

    static CheckpointTaken Checkpoint(CheckpointRole role, string name, int epoch, ulong state, int bytes, bool breaks) =>
        new(role, name, epoch, 0, bytes, stream =>
        {
            var content = new byte[bytes];
            BinaryPrimitives.WriteInt32LittleEndian(content, epoch);
            BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(4), state);
            stream.Write(content.AsSpan(0, bytes / 2));
            if (breaks)
                throw new InvalidOperationException("a bug in the middle of a checkpoint, as scripted");
            stream.Write(content.AsSpan(bytes / 2));
        });

    static (int Epoch, ulong State) Restore(string file)
    {
        var content = File.ReadAllBytes(file);
        return (BinaryPrimitives.ReadInt32LittleEndian(content), BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(4)));
    }

    static JobResult Result(JobPayload payload, int? microBatch, ulong state)
    {
        var provenance = new RunProvenance("test", "none", "none", "cpu", payload.Compute.Threads) { MicroBatch = microBatch };
        return payload switch
        {
            SmoothingEvalPayload => new SmoothingEvalResult { Seconds = 1, Provenance = provenance, Count = new AggregatedCount(10, 4, 4, [new(Aggregation.Votes, ImageSet.FirstOf(5, 10), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(6, 10), null)]) },
            TransferAttackPayload => new TransferAttackResult
            {
                Seconds = 1, Provenance = provenance, Images = 10, Survivors = [10, 5], CorrectAtStep = [10, 5], Targets = [new AggregatedCount(10, 4, 4, [new(Aggregation.Votes, ImageSet.FirstOf(5, 10), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(6, 10), null)])], TargetCurves = [], LargestPerturbation = 0.03,
            },
            _ => new TrainResult { Seconds = 1, Provenance = provenance, Epochs = 1, Parameters = 1, FinalLoss = ActionScript.Loss(state), FinalTrainAccuracy = 0.5, Selected = null },
        };
    }

    static void Pause(int milliseconds)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(milliseconds);
    }
}
