using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>
/// What every engine promises, whatever it is made of: one test a promise, by its number, against a real PostgreSQL with
/// workers that are processes of their own. Each class may run beside the others. (Number 20 is all of it at random.)
/// </summary>
public abstract class ContractSuite
{
    /// <summary>How long a worker may not look at its queue although nobody woke it.</summary>
    protected static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    /// <summary>What a busy machine may need on top of what the settings say: no promise, but a limit all the same.</summary>
    protected static readonly TimeSpan BusyMachine = TimeSpan.FromSeconds(8);

    /// <summary>Classes that do not run beside each other: a dozen processes that start at once can cost a neighbour a lease of three seconds.</summary>
    public const string ShortLeases = "short leases";

    /// <summary>The engines this build has.</summary>
    public static TheoryData<string> Engines => new()
    {
        Stage.DefaultEngine,
#if HANGFIRE
        "hangfire",
#endif
    };

    /// <summary>The moment of a job's n-th claim, by the database's clock.</summary>
    protected static async Task<DateTimeOffset> Claimed(Stage stage, Guid job, int n = 1) =>
        (await stage.Desk.Jobs.Events(job)).Where(line => line.From != line.To && line.To == JobState.Running).ElementAt(n - 1).At;

    /// <summary>The database's clock.</summary>
    protected static async Task<DateTimeOffset> Now(Stage stage) => new(await stage.Database.Scalar<DateTime>("SELECT clock_timestamp()"));

    /// <summary>Asserts that everything a claim could write is refused.</summary>
    protected static async Task WritesNothing(Stage stage, JobLease stale)
    {
        (await stage.Desk.Jobs.Heartbeat(stale)).ShouldBe(HeartbeatReply.Lost);
        (await stage.Desk.Jobs.Complete(stale, Persistence.Tests.Arrange.Desk.TrainResult)).ShouldBe(CompleteOutcome.Lost);
        (await stage.Desk.Jobs.Fail(stale, new JobFailure(FailureKind.Permanent, "a zombie says so", ""))).ShouldBe(FailOutcome.Lost);
        (await stage.Desk.StoreCheckpoint(stale, CheckpointRole.Resume, "resume", [1], epoch: 99)).ShouldBeNull();
    }
}
