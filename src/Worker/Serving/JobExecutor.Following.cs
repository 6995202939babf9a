using System.Globalization;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Queue.Leases;
using KdRobust.Worker.Devices;
using KdRobust.Worker.Frames;

namespace KdRobust.Worker.Serving;

/// <summary>The run itself: what it tells is kept, and it is stopped when it must.</summary>
sealed partial class JobExecutor
{
    static readonly TimeSpan TempFilesEvery = TimeSpan.FromSeconds(2);

    /// <summary>Sends the job to the run process and follows it to its end, stopping it when the job or the worker ends.</summary>
    async Task<RunEnding> Follow(int slot, RunProcess process, ClaimedJob job, RunRequest request, LeaseKeeper lease, CancellationToken draining)
    {
        await using var recorder = new RunRecorder(job, lease, stores, time, log);
        using var over = new CancellationTokenSource();
        await using var lost = lease.Lost.Register(process.Kill);
        Task<StopReason?>[] stopping = [];
        var overflow = KillWhenTooFull(slot, process, job, over.Token);
        RunEnding? ending;
        try
        {
            await process.Pipe.Send(new JobFrame(request), ct: lease.Lost);
            // Not before: a run process does not listen to a stop of a job it has not got.
            stopping =
            [
                StopWhen(lease.CancelRequested, StopReason.Cancel, process, job, over.Token),
                StopWhen(lease.PauseRequested, StopReason.Pause, process, job, over.Token),
                StopWhen(draining, StopReason.Drain, process, job, over.Token),
            ];
            ending = await Record(slot, process, recorder);
            if (ending is not null)
                await recorder.Flush();
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            // It died in the middle of a frame, or spoke nonsense: either way this process is of no use.
            process.Kill();
            ending = null;
        }
        await over.CancelAsync();
        var killedFor = (await Task.WhenAll(stopping)).FirstOrDefault(reason => reason is not null);
        var tooFull = await overflow;
        if (lease.Lost.IsCancellationRequested)
            return new LeaseGone();
        if (ending is not null)
        {
            // It ends itself after these: nobody knows what is left of it.
            if (ending is Broken { Failure.Kind: FailureKind.Crash or FailureKind.OutOfMemory or FailureKind.Hardware })
                await processes.Discard(slot, "its run crashed");
            return ending;
        }
        var death = await process.Death();
        await processes.Discard(slot, death);
        if (killedFor is { } reason)
            return Released.For(reason);
        return tooFull is null
            ? new Broken(new JobFailure(DeviceFault.KindOf(process.LastLines), death, process.LastLines))
            : new Broken(new JobFailure(FailureKind.Transient, tooFull, ""));
    }

    /// <summary>Frames until the run's last; null when the process ended before.</summary>
    async Task<RunEnding?> Record(int slot, RunProcess process, RunRecorder recorder)
    {
        while (await process.Pipe.Receive() is { } frame)
        {
            switch (frame)
            {
                case ProgressFrame made:
                    recorder.Progress(made.Progress);
                    devices.Rate(slot, made.Progress.ImagesPerSecond ?? 0);
                    break;
                case MetricsFrame metrics:
                    await recorder.Add(metrics.Points);
                    break;
                case CheckpointBegin begin:
                    await recorder.Checkpoint(begin, new CheckpointReceiver(process.Pipe));
                    break;
                case ResultFrame result:
                    return new Finished(result.Result);
                case StoppedFrame stopped:
                    return Released.For(stopped.Reason);
                case FailedFrame failed:
                    return new Broken(failed.Failure);
                default:
                    throw new InvalidDataException($"a run process does not send {frame.GetType().Name}");
            }
        }
        return null;
    }

    /// <summary>Asks the run to stop when the token is set, and kills it when it does not within the time for that.</summary>
    /// <returns>The reason it was killed for; null when it was not.</returns>
    async Task<StopReason?> StopWhen(CancellationToken asked, StopReason reason, RunProcess process, ClaimedJob job, CancellationToken over)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(asked, over);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (over.IsCancellationRequested)
            return null;
        try
        {
            await process.Pipe.Send(new StopFrame(job.Lease.JobId, reason), ct: over);
            await Task.Delay(options.Drain, time, over);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return null;
        }
        WorkerLog.StopTooSlow(log, job.DisplayName, options.Drain.TotalSeconds, process.ProcessId);
        process.Kill();
        return reason;
    }

    /// <summary>Kills a run whose temporary files fill the disk that others need too.</summary>
    /// <returns>Why it was killed, in words; null when it was not.</returns>
    async Task<string?> KillWhenTooFull(int slot, RunProcess process, ClaimedJob job, CancellationToken over)
    {
        var folder = options.TempFolder(slot);
        while (true)
        {
            await Task.Delay(TempFilesEvery, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
                return null;
            if (!folder.IsTooFull())
                continue;
            WorkerLog.TempFilesTooLarge(log, job.DisplayName, folder.Path, folder.Limit >> 20, process.ProcessId);
            process.Kill();
            return string.Create(CultureInfo.InvariantCulture, $"its temporary files in {folder.Path} exceed {folder.Limit >> 20} MiB: start the worker with a higher --temp-limit, or on a larger disk with --scratch");
        }
    }
}
