using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Models;
using KdRobust.Queue.Leases;
using KdRobust.Queue.Slots;
using KdRobust.Worker.Devices;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>
/// One claimed job, from its inputs to its report: fetch, run, follow, classify, report. Endings are values; the report is
/// the last step and names the lease, so whatever went wrong before, a late report changes nothing.
/// </summary>
sealed partial class JobExecutor(
    WorkerOptions options, RunProcesses processes, RunStores stores, InputCache cache, ScratchRoom room, SlotDevices devices, TimeProvider time, ILogger<JobExecutor> log) : IJobHandler
{
    /// <summary>Tries to start a run process before the worker gives up: a broken installation does not mend itself.</summary>
    const int StartAttempts = 3;

    public async Task Prepare(int slot, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            await room.Wait(ct);
            try
            {
                await processes.For(slot, processes.ThreadsOf(slot), ct);
                return;
            }
            catch (RunProcessStartException error) when (attempt < StartAttempts && !ct.IsCancellationRequested)
            {
                WorkerLog.RunProcessMissing(log, slot, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            }
            catch (IOException error)
            {
                // Its folder for temporary files. This is waited out, however long: the installation is not broken.
                room.Failed(error);
                attempt--;
            }
        }
    }

    public ValueTask<SlotDevice> DeviceOf(int slot, CancellationToken ct) => devices.OfferOf(slot, ct);

    public async Task Handle(int slot, ClaimedJob job, LeaseKeeper lease, CancellationToken draining)
    {
        using var scope = log.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["JobId"] = job.Lease.JobId, ["Job"] = job.DisplayName, ["Fence"] = job.Lease.Fence });
        var begun = time.GetTimestamp();
        RunEnding ending;
        try
        {
            ending = draining.IsCancellationRequested ? new Released(ReleaseReason.Drained) : await Run(slot, job, lease, draining);
            await Report(job, lease, ending);
        }
        catch (LeaseLostException)
        {
            ending = new LeaseGone();
        }
        devices.Rate(slot, 0);
        await devices.JobEnded(slot, ending is Finished, (ending as Broken)?.Failure);
        if (ending is LeaseGone)
            await processes.Discard(slot, "the lease of its job is gone");
        var seconds = time.GetElapsedTime(begun).TotalSeconds;
        RunTrace.Ended(job, ending, seconds);
        WorkerLog.JobEnded(log, job.DisplayName, ending.InWords, Math.Round(seconds, 1));
    }

    async Task<RunEnding> Run(int slot, ClaimedJob job, LeaseKeeper lease, CancellationToken draining)
    {
        using var step = RunTrace.Step("run");
        var files = new List<InputCache.CachedFile>();
        try
        {
            var inputs = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (role, checkpoint) in job.Inputs)
            {
                try
                {
                    files.Add(await Fetch(job, lease, checkpoint));
                    inputs[role] = files[^1].Path;
                }
                catch (DamagedCheckpointException error)
                {
                    // The next claim takes another one, or fails in words when there is none.
                    await UnderLease.Try(lease, job.DisplayName, log, async ct => { await stores.Checkpoints.MarkDamaged(error.Checkpoint, ct); return true; });
                    return new Broken(new JobFailure(FailureKind.Transient, $"input {role}: {error.Message}", ""));
                }
            }
            var uploadedAs = "";
            if (job.Payload is ImportPayload import)
            {
                (uploadedAs, var failure) = await FetchUpload(job, import.File.Sha256, lease, files);
                if (failure is not null)
                    return new Broken(failure);
                inputs[InputRoles.File] = files[^1].Path;
            }
            var resume = await Resume(job, lease, files);
            var process = await processes.For(slot, job.Payload.Compute.Threads, lease.Lost);
            room.Served();
            var request = new RunRequest(job.Lease.JobId, job.DisplayName, job.Payload, inputs, resume, options.DataFolder) { MicroBatch = job.MicroBatch };
            var ending = await Follow(slot, process, job, request, lease, draining);
            // Whoever uploaded it knows it by its name, and never sees this machine.
            return ending is Broken broken && inputs.TryGetValue(InputRoles.File, out var file)
                ? new Broken(broken.Failure with { Message = broken.Failure.Message.Replace(file, $"the uploaded file '{uploadedAs}'", StringComparison.Ordinal) })
                : ending;
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            return new LeaseGone();
        }
        catch (RunProcessStartException error)
        {
            return new Broken(new JobFailure(FailureKind.Transient, error.Message, ""));
        }
        catch (IOException error)
        {
            // The pipe's errors are caught where it is read: this is the scratch folder, and no fault of the job's.
            room.Failed(error);
            return new Released(ReleaseReason.NoRoom);
        }
        finally
        {
            foreach (var file in files)
                file.Dispose();
        }
    }

    /// <summary>Fetches the file that an import job reads: the one that the job's owner uploaded.</summary>
    /// <returns>The name it was uploaded by, and why it cannot be had: null when it is the last of <paramref name="files"/>.</returns>
    async Task<(string Name, JobFailure? Failure)> FetchUpload(ClaimedJob job, string sha256, LeaseKeeper lease, List<InputCache.CachedFile> files)
    {
        if (await UnderLease.Try(lease, job.DisplayName, log, ct => stores.ModelFiles.OfJob(job.Lease.JobId, sha256, ct)) is not { } upload)
            return ("", Permanent($"no file of SHA-256 {sha256} is there any more: upload it again with kdr import FILE, then submit again"));
        try
        {
            files.Add(await UnderLease.Try(lease, job.DisplayName, log, ct => cache.Get(sha256, (file, token) => stores.ModelFiles.CopyTo(upload, file, token), ct)));
            return (upload.Name, null);
        }
        catch (DamagedModelFileException damage)
        {
            return (upload.Name, Permanent($"{damage.Message}; then submit again"));
        }

        static JobFailure Permanent(string what) => new(FailureKind.Permanent, $"input {InputRoles.File}: {what}", "");
    }

    /// <summary>The newest resume point that is not damaged, as a file; null to begin at the beginning.</summary>
    async Task<string?> Resume(ClaimedJob job, LeaseKeeper lease, List<InputCache.CachedFile> files)
    {
        for (var point = job.Resume; point is not null; point = await UnderLease.Try(lease, job.DisplayName, log, ct => stores.Checkpoints.LatestResume(job.Lease.JobId, ct)))
        {
            try
            {
                files.Add(await Fetch(job, lease, point));
                WorkerLog.Resuming(log, job.DisplayName, point.Epoch, point.Step);
                return files[^1].Path;
            }
            catch (DamagedCheckpointException error)
            {
                WorkerLog.ResumePointDamaged(log, job.DisplayName, error.Checkpoint, point.Epoch);
                await UnderLease.Try(lease, job.DisplayName, log, async ct => { await stores.Checkpoints.MarkDamaged(error.Checkpoint, ct); return true; });
            }
        }
        return null;
    }

    Task<InputCache.CachedFile> Fetch(ClaimedJob job, LeaseKeeper lease, CheckpointInfo checkpoint) =>
        UnderLease.Try(lease, job.DisplayName, log, ct => cache.Get(checkpoint.Sha256, (file, token) => stores.Checkpoints.CopyTo(checkpoint, file, token), ct));

    /// <summary>Tells the database how it ended; weather is waited out for as long as the lease lasts.</summary>
    async Task Report(ClaimedJob job, LeaseKeeper lease, RunEnding ending)
    {
        using var step = RunTrace.Step("end");
        var heard = ending switch
        {
            Finished finished => await UnderLease.Try(lease, job.DisplayName, log, async ct => await stores.Jobs.Complete(job.Lease, finished.Result, ct) != Persistence.Jobs.CompleteOutcome.Lost),
            Released released => await UnderLease.Try(lease, job.DisplayName, log, ct => stores.Jobs.Release(job.Lease, released.Why, ct)),
            Broken broken => await UnderLease.Try(lease, job.DisplayName, log, async ct => await stores.Jobs.Fail(job.Lease, broken.Failure, ct) != FailOutcome.Lost),
            _ => true,
        };
        if (!heard)
            throw new LeaseLostException();
    }
}
