using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>
/// The acts of the model, done for real to jobs of a real database by the real stores. What belongs to a clock is done by hand:
/// a lease runs out, a wait passes, a server is young when its age is compared with a very long lease.
/// </summary>
sealed class LifeReplay
{
    static readonly TimeSpan Endless = TimeSpan.FromDays(10_000);

    readonly TestDatabase database;
    readonly Desk desk;
    readonly JobStore ofYoungServer, ofOldServer;
    readonly WorkerOffer[] offers;
    readonly ClaimedJob?[] held = new ClaimedJob?[2];
    readonly Guid[] jobs;

    LifeReplay(TestDatabase database, Desk desk, Guid[] jobs, string label)
    {
        (this.database, this.desk, this.jobs) = (database, desk, jobs);
        ofYoungServer = new JobStore(database.DataSource, new LeaseSettings { Lease = Endless });
        ofOldServer = new JobStore(database.DataSource, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        offers = [.. new[] { "left", "right" }.Select(worker => new WorkerOffer(worker, 8, DeviceKind.Cpu) { Labels = [label] })];
    }

    /// <summary>Submits the jobs, which no claim for other jobs will meet.</summary>
    internal static async Task<LifeReplay> Begin(TestDatabase database, bool withChild)
    {
        var stores = new Desk(database, new LeaseSettings { Lease = Endless });
        var seed = Specs.NewSeed();
        var label = FormattableString.Invariant($"replay-{seed}");
        var spec = withChild ? Specs.Pair(seed) : Specs.OneJob(seed);
        var submitted = await stores.Submit(spec with { Compute = spec.Compute with { Requires = new RequirementsSpec { GpuMemoryGib = null, Labels = [label] } } });
        var ids = (await stores.Experiments.Jobs(submitted.Id)).Select(job => job.Job.Id).ToArray();
        ids.Length.ShouldBe(withChild ? 2 : 1);
        await database.Execute($"UPDATE job SET max_attempts = {LifeRules.MaxAttempts} WHERE id IN ({Ids(ids)})");
        return new LifeReplay(database, stores, ids, label);
    }

    /// <summary>Does one act; returns what whoever acted was told.</summary>
    internal async Task<string> Do(World world, Act act)
    {
        switch (act.Kind)
        {
            case ActKind.Hear or ActKind.Poll or ActKind.LoseWakeUp or ActKind.Restart or ActKind.LeasePasses:
                return "";
            case ActKind.Forget:
                held[act.On] = null;
                return "";
            case ActKind.Expire:
                await desk.Expire(jobs[act.On]);
                return "";
            case ActKind.WaitPasses:
                await database.Execute($"UPDATE job SET not_before = clock_timestamp() WHERE id = '{jobs[act.On]}'");
                return "";
            case ActKind.Claim:
                held[act.On] = await desk.Jobs.TryClaimNext(offers[act.On]);
                return held[act.On] is { } claimed ? $"job {Array.IndexOf(jobs, claimed.Lease.JobId)} attempt {claimed.Attempt}" : "nothing";
            case ActKind.Sweep:
                return (await (world.Young ? ofYoungServer : ofOldServer).Sweep()).ToString();
            case ActKind.Cancel:
                return (await desk.Jobs.RequestCancel(jobs[act.On], "ada", false)).Kind.ToString();
            case ActKind.Pause:
                return (await desk.Jobs.Pause(jobs[act.On], "ada")).Kind.ToString();
            case ActKind.Resume:
                return (await desk.Jobs.Resume(jobs[act.On], "ada")).Kind.ToString();
            case ActKind.Retry:
                return (await desk.Jobs.Retry(jobs[act.On], RetryFrom.Checkpoint, "ada")).Kind.ToString();
            default:
                return await Write(act.Kind, held[act.On]!);
        }
    }

    async Task<string> Write(ActKind kind, ClaimedJob job)
    {
        var lease = job.Lease;
        switch (kind)
        {
            case ActKind.Heartbeat:
                return (await desk.Jobs.Heartbeat(lease)).ToString();
            case ActKind.Store:
                var stored = await desk.Metrics.Append(lease, [new MetricPoint(0, MetricSeries.TrainLoss, 1, 1, 0.5)]);
                (await desk.Jobs.RecordProgress(lease, new JobProgress("train", 1, 2, "epoch", null, null, null, null))).ShouldBe(stored);
                return stored.ToString();
            case ActKind.Checkpoint:
                return (await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1)) is not null).ToString();
            case ActKind.Complete:
                await desk.StoreOutputs(job);
                return (await desk.Jobs.Complete(lease, Desk.ResultOf(job))).ToString();
            case ActKind.Release:
                return (await desk.Jobs.Release(lease, ReleaseReason.Drained)).ToString();
            default:
                var failure = kind switch { ActKind.FailTransient => FailureKind.Transient, ActKind.FailPermanent => FailureKind.Permanent, _ => FailureKind.Crash };
                var outcome = await desk.Jobs.Fail(lease, new JobFailure(failure, "as the model says", ""));
                // Its wait is a second or two: it must not pass by itself while the model says that it has not.
                await database.Execute($"UPDATE job SET not_before = not_before + interval '1 h' WHERE id = '{lease.JobId}' AND state IN ('Queued', 'Paused') AND not_before > (SELECT max(at) + interval '0.5 s' FROM job_event WHERE job_id = job.id)");
                return outcome.ToString();
        }
    }

    /// <summary>The rows as the model would see them, with their fences and the number of their transitions.</summary>
    internal async Task<IReadOnlyList<SeenJob>> See()
    {
        await using var command = database.DataSource.CreateCommand(
            $"""
            SELECT state, attempt, crash_count, cancel_requested_at IS NOT NULL, pause_requested_at IS NOT NULL, not_before > clock_timestamp(), lease_until < clock_timestamp(),
                upstream_job_id IS NOT NULL, fence, (SELECT string_agg(from_state || '>' || to_state, ' ' ORDER BY id) FROM job_event WHERE job_id = job.id AND from_state <> to_state)
            FROM job WHERE id IN ({Ids(jobs)}) ORDER BY seq
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var seen = new List<SeenJob>();
        while (await reader.ReadAsync())
        {
            var state = Enum.Parse<JobState>(reader.GetString(0));
            var waits = state is JobState.Queued or JobState.Paused;
            var open = !state.IsTerminal() && state != JobState.Blocked;
            seen.Add(new SeenJob(
                new JobLife(
                    state, open ? reader.GetInt32(1) : 0, open ? Math.Min(reader.GetInt32(2), LifeRules.MostCrashes) : 0, !state.IsTerminal() && reader.GetBoolean(3), reader.GetBoolean(4),
                    waits && reader.GetBoolean(5), state == JobState.Running && reader.GetBoolean(6), reader.GetBoolean(7)),
                reader.GetInt64(8),
                reader.IsDBNull(9) ? [] : reader.GetString(9).Split(' ')));
        }
        return seen;
    }

    /// <summary>Leaves nothing behind that another replay's reaper would take.</summary>
    internal Task End() => database.Execute($"UPDATE job SET lease_until = clock_timestamp() + interval '1000 days' WHERE id IN ({Ids(jobs)}) AND state = 'Running'");

    static string Ids(Guid[] jobs) => string.Join(", ", jobs.Select(job => $"'{job}'"));
}

/// <summary>A job's row as the model would see it.</summary>
/// <param name="Life">What matters of it.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="History">Its transitions so far.</param>
sealed record SeenJob(JobLife Life, long Fence, IReadOnlyList<string> History);
