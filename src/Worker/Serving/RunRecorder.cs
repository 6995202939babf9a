using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Leases;
using KdRobust.Worker.Frames;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>The stores a run's inputs come from and its events go to.</summary>
sealed record RunStores(JobStore Jobs, MetricStore Metrics, CheckpointStore Checkpoints, ModelFileStore ModelFiles);

/// <summary>
/// Keeps what one run tells: metrics in batches, in order, each once; the newest progress; checkpoints together with
/// the metrics that came before them. Holds the memory of one chunk and of the numbers of half a second.
/// </summary>
sealed class RunRecorder : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    const int MostWaiting = 20_000;

    readonly ClaimedJob job;
    readonly LeaseKeeper lease;
    readonly RunStores stores;
    readonly ILogger log;
    // Whoever writes holds it, so that batches arrive in the order of their ordinals.
    readonly SemaphoreSlim writing = new(1, 1);
    readonly Lock guard = new();
    readonly CancellationTokenSource ending = new();
    readonly Task flushing;
    List<MetricPoint> waiting = [];
    JobProgress? progress;

    internal RunRecorder(ClaimedJob job, LeaseKeeper lease, RunStores stores, TimeProvider time, ILogger log)
    {
        (this.job, this.lease, this.stores, this.log) = (job, lease, stores, log);
        flushing = Task.Run(() => FlushNowAndThen(time));
    }

    internal void Progress(JobProgress made)
    {
        RunTrace.Progress(job, made);
        lock (guard)
            progress = made;
    }

    internal async Task Add(IReadOnlyList<MetricPoint> points)
    {
        int count;
        lock (guard)
        {
            waiting.AddRange(points);
            count = waiting.Count;
        }
        // A database that is away must not let the numbers pile up here: the run waits.
        if (count > MostWaiting)
            await Flush();
    }

    /// <summary>Stores a checkpoint from the pipe and registers it with the metrics told before it.</summary>
    internal async Task Checkpoint(CheckpointBegin begin, Stream content)
    {
        var stored = await UnderLease.Try(lease, job.DisplayName, log, ct => stores.Checkpoints.Write(content, error => WorkerLog.ReportPostponed(log, job.DisplayName, error.Message), ct));
        if (stored.Bytes != begin.Bytes)
            throw new InvalidDataException($"a checkpoint announced as {begin.Bytes} bytes has {stored.Bytes}");
        await writing.WaitAsync();
        try
        {
            var points = Take();
            using var step = RunTrace.Step("store checkpoint")?.SetTag("kdr.checkpoint.name", begin.Name).SetTag("kdr.checkpoint.bytes", begin.Bytes);
            var registered = await UnderLease.Try(
                lease, job.DisplayName, log, ct => stores.Checkpoints.Register(job.Lease, begin.Role, begin.Name, begin.Epoch, begin.Step, stored, points, ct));
            if (registered is null)
                throw new LeaseLostException();
            RunTrace.Stored(step, points);
        }
        finally
        {
            writing.Release();
        }
        WorkerLog.CheckpointStored(log, job.DisplayName, begin.Name, begin.Epoch, begin.Step, begin.Bytes);
    }

    /// <summary>Writes everything told so far.</summary>
    /// <exception cref="LeaseLostException">It cannot be written any more.</exception>
    internal async Task Flush()
    {
        await writing.WaitAsync();
        try
        {
            JobProgress? made;
            lock (guard)
                (made, progress) = (progress, null);
            var points = Take();
            if (points.Count > 0)
            {
                using var step = RunTrace.Step("store metrics");
                if (!await UnderLease.Try(lease, job.DisplayName, log, ct => stores.Metrics.Append(job.Lease, points, ct)))
                    throw new LeaseLostException();
                RunTrace.Stored(step, points);
            }
            if (made is not null && !await UnderLease.Try(lease, job.DisplayName, log, ct => stores.Jobs.RecordProgress(job.Lease, made, ct)))
                throw new LeaseLostException();
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Stops the timer; what is still waiting is not written: <see cref="Flush"/> first.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelThroughWeatherAsync();
        await flushing;
        ending.Dispose();
        writing.Dispose();
    }

    List<MetricPoint> Take()
    {
        lock (guard)
        {
            var points = waiting;
            waiting = [];
            return points;
        }
    }

    async Task FlushNowAndThen(TimeProvider time)
    {
        try
        {
            while (!ending.IsCancellationRequested)
            {
                await Task.Delay(Every, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await Flush();
            }
        }
        catch (LeaseLostException)
        {
            // The executor learns it from the lease itself.
        }
    }
}
