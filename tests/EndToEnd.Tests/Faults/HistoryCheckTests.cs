using KdRobust.ActionWorker;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Faults;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>The check of chaos can fail: an honest history passes, and each way to tamper with it is found.</summary>
public sealed class HistoryCheckTests
{
    const int Epochs = 3;

    public static TheoryData<string, Promise> Tampered => new()
    {
        { "UPDATE job SET state = 'Running', lease_until = clock_timestamp(), finished_at = NULL, result = NULL WHERE id = @job", Promise.NothingIsLost },
        { "UPDATE job SET state = 'Failed', failure = '{\"kind\":\"crash\",\"message\":\"x\",\"detail\":\"\"}', result = NULL WHERE id = @job", Promise.NothingIsLost },
        { "DELETE FROM metric WHERE job_id = @job; DELETE FROM checkpoint_chunk; DELETE FROM checkpoint WHERE job_id = @job; DELETE FROM job_event WHERE job_id = @job; DELETE FROM experiment_job WHERE job_id = @job; DELETE FROM job WHERE id = @job", Promise.NothingIsLost },
        { "INSERT INTO job_event (job_id, from_state, to_state, fence, reason) SELECT id, 'Succeeded', 'Succeeded', fence, '' FROM job WHERE id = @job; INSERT INTO job_event (job_id, from_state, to_state, fence, reason) SELECT id, 'Running', 'Succeeded', fence, 'again' FROM job WHERE id = @job", Promise.NothingIsDoubled },
        { "INSERT INTO job_event (job_id, from_state, to_state, fence, reason) SELECT id, 'Queued', 'Running', fence, 'claimed twice' FROM job WHERE id = @job", Promise.NothingIsDoubled },
        { "INSERT INTO metric (job_id, fence, attempt, ordinal, series, epoch, step, value) SELECT job_id, fence, attempt, ordinal + 100, series, epoch, step, value FROM metric WHERE job_id = @job LIMIT 1", Promise.NothingIsDoubled },
        { "INSERT INTO metric (job_id, fence, attempt, ordinal, series, epoch, step, value) SELECT job_id, fence - 1, attempt, ordinal, series, epoch, step, value FROM metric WHERE job_id = @job LIMIT 1", Promise.NoStaleWrite },
        { "UPDATE checkpoint SET fence = fence + 1 WHERE seq = (SELECT min(seq) FROM checkpoint)", Promise.NoStaleWrite },
        { "UPDATE job SET fence = fence + 1 WHERE id = @job", Promise.NoStaleWrite },
        { "INSERT INTO witness (what, job_id, written_fence, job_fence, job_state) SELECT 'metric', id, fence - 1, fence, 'Running' FROM job WHERE id = @job", Promise.NoStaleWrite },
        { "UPDATE job SET priority = 7 WHERE id = @job", Promise.PeopleAreObeyed },
        { "UPDATE job SET state = 'Cancelled', result = NULL WHERE id = @job", Promise.PeopleAreObeyed },
        { "UPDATE metric SET value = value * 1.0000001 WHERE id = (SELECT max(id) FROM metric)", Promise.TheNumbersAreRight },
        { "DELETE FROM metric WHERE id = (SELECT max(id) FROM metric)", Promise.TheNumbersAreRight },
        { "UPDATE job SET result = jsonb_set(result, '{finalLoss}', '0.5') WHERE id = @job", Promise.TheNumbersAreRight },
    };

    [PostgresFact]
    public async Task Honest_history_with_a_death_and_a_retry_breaks_no_promise()
    {
        await using var history = await History.Make();
        (await history.Read()).ShouldBeEmpty();
    }

    [PostgresTheory, MemberData(nameof(Tampered))]
    public async Task Tampering_is_found(string sql, Promise broken)
    {
        await using var history = await History.Make();
        await history.Tamper(sql);
        (await history.Read()).Select(violation => violation.Of).ShouldContain(broken);
    }

    [PostgresFact]
    public async Task Promise_to_a_person_that_was_not_kept_is_found()
    {
        await using var history = await History.Make();
        history.Ledger.Cancelled.Add(history.Job);
        history.Ledger.Experiments.Add(Guid.NewGuid());
        (await history.Read()).Select(violation => violation.Of).ShouldBe([Promise.PeopleAreObeyed, Promise.NothingIsLost], ignoreOrder: true);
    }

    [Fact]
    public void Same_seed_draws_the_same_schedule_and_another_seed_another()
    {
        (string, int)[] weights = [("a", 1), ("b", 5)];
        var minute = TimeSpan.FromMinutes(1);
        var drawn = FaultSchedule.Draw(7, minute, weights, TimeSpan.FromSeconds(0.5));
        drawn.ShouldBe(FaultSchedule.Draw(7, minute, weights, TimeSpan.FromSeconds(0.5)));
        drawn.ShouldNotBe(FaultSchedule.Draw(8, minute, weights, TimeSpan.FromSeconds(0.5)));
        drawn.Count.ShouldBeInRange(80, 160);
        drawn.ShouldAllBe(fault => fault.At < minute);
        drawn.Count(fault => fault.Fault == "b").ShouldBeGreaterThan(2 * drawn.Count(fault => fault.Fault == "a"));
    }

    /// <summary>One job that died once, failed, was tried again and succeeded; another that was cancelled.</summary>
    sealed class History : IAsyncDisposable
    {
        static readonly RunProvenance Provenance = new("test", "none", "none", "cpu", 1);

        readonly TestDatabase database;
        readonly JobStore jobs;
        readonly CheckpointStore checkpoints;

        History(TestDatabase database)
        {
            this.database = database;
            (jobs, checkpoints) = (new JobStore(database.DataSource, new LeaseSettings()), new CheckpointStore(database.DataSource));
        }

        internal Ledger Ledger { get; } = new();
        internal Guid Job { get; private set; }

        internal static async Task<History> Make()
        {
            var made = await (await PostgresCluster.Shared).CreateDatabase("chaos", async connection =>
            {
                await using var source = NpgsqlDataSource.Create(connection);
                await Persistence.Schema.Database.Migrate(source);
            });
            await Witness.Install(made);
            var history = new History(made);
            await history.Live();
            return history;
        }

        internal Task<IReadOnlyList<Violation>> Read() => HistoryCheck.Read(database, Ledger);

        // As somebody who can do anything with the database.
        internal Task<int> Tamper(string sql) => database.Execute($"SET session_replication_role = replica; {sql.Replace("@job", $"'{Job}'", StringComparison.Ordinal)}; SET session_replication_role = DEFAULT");

        async Task Live()
        {
            Job = await Submit();
            var first = await Claim();
            await Epoch(first, 1);
            (await jobs.Fail(first.Lease, new JobFailure(FailureKind.Crash, "killed", ""))).ShouldBe(FailOutcome.WillRetry);
            await database.Execute("UPDATE job SET not_before = clock_timestamp()");
            var second = await Claim();
            await Epoch(second, 2);
            (await jobs.Fail(second.Lease, new JobFailure(FailureKind.Permanent, "no", ""))).ShouldBe(FailOutcome.Final);
            await jobs.Retry(Job, RetryFrom.Checkpoint, "ada");
            await jobs.SetPriority(Job, 3, "ada");
            Ledger.Priorities[Job] = 3;
            var third = await Claim();
            await Epoch(third, 3);
            var state = ActionScript.StateAfter(Ledger.Jobs[Job].Seed, Epochs);
            await jobs.Complete(third.Lease, new TrainResult { Seconds = 1, Provenance = Provenance, Epochs = 1, Parameters = 1, FinalLoss = ActionScript.Loss(state), FinalTrainAccuracy = 0.5, Selected = null });

            var other = await Submit();
            await jobs.RequestCancel(other, "ada", false);
            Ledger.Cancelled.Add(other);
        }

        async Task<Guid> Submit()
        {
            var seed = Specs.NewSeed();
            var experiments = new ExperimentStore(database.DataSource);
            var submitted = await experiments.Submit("ada", Specs.OneJob(seed), again: false);
            var job = (await experiments.Jobs(submitted.Id))[0].Job.Id;
            Ledger.Experiments.Add(submitted.Id);
            Ledger.Promise(new PromisedJob(job, seed, Epochs, Trains: true));
            return job;
        }

        async Task<ClaimedJob> Claim() => (await jobs.TryClaimNext(new WorkerOffer("w", 8, DeviceKind.Cpu))).ShouldNotBeNull();

        async Task Epoch(ClaimedJob job, int epoch)
        {
            MetricPoint[] points = [new(0, MetricSeries.TrainLoss, epoch, epoch, ActionScript.Loss(ActionScript.StateAfter(Ledger.Jobs[job.Lease.JobId].Seed, epoch)))];
            var stored = await checkpoints.Write(new MemoryStream([(byte)epoch]));
            (await checkpoints.Register(job.Lease, CheckpointRole.Resume, "resume", epoch, 0, stored, points)).ShouldNotBeNull();
        }

        public ValueTask DisposeAsync() => database.DisposeAsync();
    }
}
