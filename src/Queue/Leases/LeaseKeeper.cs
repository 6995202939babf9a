using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Leases;

/// <summary>
/// Keeps the lease of one claimed job while it runs, independently of what the run does, and says when to stop: because
/// somebody cancelled or paused it, or because the lease may be gone.
/// </summary>
/// <remarks>
/// The worker never compares clocks with anybody. It counts on its own monotonic clock from the moment it sent the last
/// heartbeat that was accepted: the database counts the lease from a moment later, so after two thirds of a lease the worker
/// has certainly stopped before anyone else can have the job. This also ends a worker that was itself halted: whatever the
/// database would say, the time is over.
/// </remarks>
public sealed class LeaseKeeper : IAsyncDisposable
{
    readonly Func<JobLease, CancellationToken, Task<HeartbeatReply>> beat;
    readonly LeaseSettings settings;
    readonly TimeProvider time;
    readonly ILogger log;
    readonly CancellationTokenSource lost = new(), cancelled = new(), paused = new(), ending = new();
    readonly SemaphoreSlim hint = new(0, 1);
    readonly Task keeping;
    long lastAccepted;

    LeaseKeeper(JobLease lease, Func<JobLease, CancellationToken, Task<HeartbeatReply>> beat, LeaseSettings settings, long claimSent, TimeProvider time, ILogger log)
    {
        (Lease, this.beat, this.settings, lastAccepted, this.time, this.log) = (lease, beat, settings, claimSent, time, log);
        keeping = Task.Run(Keep);
    }

    /// <summary>What is kept.</summary>
    public JobLease Lease { get; }

    /// <summary>Set when the lease is or may be gone: stop at once and write nothing.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Set when somebody asked for the job's end: stop and release it.</summary>
    public CancellationToken CancelRequested => cancelled.Token;

    /// <summary>Set when somebody asked for a pause: take a resume point, stop and release it.</summary>
    public CancellationToken PauseRequested => paused.Token;

    /// <summary>Begins to keep the lease of a job that was just claimed.</summary>
    /// <param name="job">The job.</param>
    /// <param name="claimSent">Timestamp of <paramref name="time"/> from before the claim was sent.</param>
    /// <param name="jobs">Where heartbeats go.</param>
    /// <param name="settings">The lease's times.</param>
    /// <param name="time">The monotonic clock.</param>
    /// <param name="log">Told of missed heartbeats and of the end.</param>
    public static LeaseKeeper Start(ClaimedJob job, long claimSent, JobStore jobs, LeaseSettings settings, TimeProvider time, ILogger log) =>
        Start(job.Lease, claimSent, jobs.Heartbeat, settings, time, log);

    internal static LeaseKeeper Start(
        JobLease lease, long claimSent, Func<JobLease, CancellationToken, Task<HeartbeatReply>> beat, LeaseSettings settings, TimeProvider time, ILogger log) =>
        new(lease, beat, settings, claimSent, time, log);

    /// <summary>Asks the database now instead of at the next heartbeat: there is news about this job.</summary>
    public void Hint()
    {
        try
        {
            hint.Release();
        }
        catch (SemaphoreFullException)
        {
            // One question answers any number of hints.
        }
    }

    /// <summary>Stops keeping; no token is set by this.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelThroughWeatherAsync();
        await keeping;
        lost.Dispose();
        cancelled.Dispose();
        paused.Dispose();
        ending.Dispose();
    }

    TimeSpan Left => settings.SelfFence - time.GetElapsedTime(lastAccepted);

    async Task Keep()
    {
        var wait = settings.Heartbeat;
        while (!ending.IsCancellationRequested)
        {
            await Pause(wait < Left ? wait : Left);
            if (ending.IsCancellationRequested)
                return;
            if (Left <= TimeSpan.Zero)
            {
                QueueTrace.LeaseLost("timed-out");
                QueueLog.LeaseTimedOut(log, Lease.JobId, settings.SelfFence.TotalSeconds);
                await lost.CancelThroughWeatherAsync();
                return;
            }
            var sent = time.GetTimestamp();
            if (await Ask() is not { } reply)
            {
                // Weather: ask again soon, there is a deadline.
                wait = settings.Heartbeat / 4;
                continue;
            }
            if (reply == HeartbeatReply.Lost)
            {
                QueueTrace.LeaseLost("taken");
                QueueLog.LeaseTaken(log, Lease.JobId);
                await lost.CancelThroughWeatherAsync();
                return;
            }
            (lastAccepted, wait) = (sent, settings.Heartbeat);
            if (reply == HeartbeatReply.Cancel && !cancelled.IsCancellationRequested)
                await cancelled.CancelThroughWeatherAsync();
            if (reply == HeartbeatReply.Pause && !paused.IsCancellationRequested)
                await paused.CancelThroughWeatherAsync();
        }
    }

    async Task Pause(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, ending.Token);
        await hint.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Null when the database could not be asked before the deadline.</summary>
    async Task<HeartbeatReply?> Ask()
    {
        // An answer that takes a quarter of a lease will not come: a new connection may be luckier.
        var patience = settings.Lease / 4;
        using var deadline = new CancellationTokenSource(patience < Left ? patience : Left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        // Not linked: nobody could catch what a callback throws on the timer.
        using var late = deadline.Token.UnsafeRegister(state => ((CancellationTokenSource)state!).CancelThroughWeatherNow(), either);
        try
        {
            return await beat(Lease, either.Token);
        }
        catch (Exception error) when (either.IsCancellationRequested || Database.IsWeather(error))
        {
            if (!ending.IsCancellationRequested)
                QueueLog.HeartbeatMissed(log, Lease.JobId, error.Message);
            return null;
        }
    }
}
