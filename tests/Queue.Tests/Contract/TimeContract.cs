using System.Globalization;
using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>Clocks that are wrong, and runs that say nothing for a long time.</summary>
public sealed class TimeContract : ContractSuite
{
    static readonly TimeSpan Wrong = TimeSpan.FromMinutes(10);

    [SkewedClockTheory, MemberData(nameof(Engines))]
    public async Task Contract_12_Clocks_that_are_ten_minutes_wrong_take_no_job_early_and_move_no_wait(string engine)
    {
        await using var stage = await Stage.Open(8, engine);
        await using var ahead = await Api(stage, "ahead", Wrong);
        await using var behind = await Api(stage, "behind", -Wrong);
        var slow = await Task.WhenAll(Worker(stage, "fast", Wrong), Worker(stage, "slow", -Wrong));
        var held = new List<(Guid Job, long Seed)>();
        foreach (var _ in slow)
            held.Add(await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait)])));
        foreach (var (_, seed) in held)
            await stage.UntilEpoch(seed, 5);
        var addresses = new[] { await Listening(stage, "ahead"), await Listening(stage, "behind") };
        foreach (var (skew, worker) in new[] { Wrong, -Wrong }.Zip(slow))
            Difference(TimeSpan.Parse(worker.Printed[..12], CultureInfo.InvariantCulture), TimeProvider.System.GetLocalNow().TimeOfDay).ShouldBe(skew, TimeSpan.FromMinutes(2), "its clock is as wrong as it should be");

        // Two leases, in which four reapers with two opinions about the hour look for workers that are dead.
        await Task.Delay(stage.Lease.Lease * 2);
        foreach (var (job, _) in held)
            (await stage.Desk.Job(job)).ShouldSatisfyAllConditions(view => view.State.ShouldBe(JobState.Running), view => view.Fence.ShouldBe(1));
        using var client = new HttpClient();
        foreach (var (skew, address) in new[] { Wrong, -Wrong }.Zip(addresses))
        {
            using var answer = await client.GetAsync(new Uri(new Uri(address), "/healthz"));
            (answer.Headers.Date!.Value - TimeProvider.System.GetUtcNow()).ShouldBe(skew, TimeSpan.FromMinutes(2), "so is the API's");
        }

        var (again, againSeed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.BadWeather, Times: 1)]));
        foreach (var (job, seed) in held)
        {
            stage.LetGo(seed);
            await stage.UntilEnded(job);
            await stage.ShouldHaveSucceededUndisturbed(job, seed);
        }
        await stage.UntilEnded(again);
        await stage.ShouldHaveSucceededUndisturbed(again, againSeed);
        var failed = (await stage.Desk.Jobs.Events(again)).Single(line => line.From == JobState.Running && line.To == JobState.Queued).At;
        var longest = RetryPolicy.Delay(1);
        (await Claimed(stage, again, 2)).ShouldBeInRange(failed + (longest / 2) - TimeSpan.FromMilliseconds(100), failed + longest + Poll + BusyMachine);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_19_A_run_that_is_silent_for_three_leases_is_not_taken_away_and_raises_an_alarm_only(string engine)
    {
        await using var stage = await Stage.Open(6, engine);
        var (job, seed) = await stage.Submit(new ActionScript(Epochs: 2, Actions: [new(2, RunAction.Busy, Milliseconds: (int)(stage.Lease.Lease * 3).TotalMilliseconds)]));
        stage.StartWorker();
        await stage.UntilEpoch(seed, 2);
        // What it told of its first epoch is stored, so that nothing moves the hand of the clock back.
        await stage.Until("its progress is stored", async () => (await stage.Desk.Job(job)).Progress?.Done >= 1);
        await stage.Database.Execute($"UPDATE job SET progress_at = clock_timestamp() - interval '{(int)StallLimits.ByKind[TrainPayload.Kind].TotalSeconds + 1} s'");
        await stage.Until("the alarm is raised", async () => (await stage.Desk.Job(job)).StalledAt is not null);
        (await stage.Desk.StateOf(job)).ShouldBe(JobState.Running);
        var ended = await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed, 2);
        (ended.Attempt, ended.Fence, ended.StalledAt).ShouldBe((1, 1L, null), "three leases passed, with heartbeats");
        (await stage.Desk.Jobs.Events(job)).ShouldContain(line => line.Reason.StartsWith("alarm: no progress for", StringComparison.Ordinal));
    }

    static async Task<WorkerProcess> Worker(Stage stage, string name, TimeSpan skew) => stage.StartWorker(name, environment: await SkewedClock.Variables(skew));

    /// <summary>An API whose reaper has the same lease; it listens where a file will say.</summary>
    static async Task<ServiceProcess> Api(Stage stage, string name, TimeSpan skew)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(here.Parent!.Parent!.FullName, "Api", here.Name, "KdRobust.Api.dll");
        var environment = new Dictionary<string, string?>(await SkewedClock.Variables(skew)) { ["KDR_DATABASE"] = stage.Database.ConnectionString };
        return await ServiceProcess.Start(
            program,
            [
                "--listen", "127.0.0.1:0", "--key-file", Path.Combine(stage.Folder, $"{name}.key"), "--address-file", Path.Combine(stage.Folder, $"{name}.address"),
                "--lease", ((int)stage.Lease.Lease.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            ],
            environment);
    }

    static async Task<string> Listening(Stage stage, string name)
    {
        var file = Path.Combine(stage.Folder, $"{name}.address");
        await stage.Until($"the API that is {name} listens", () => Task.FromResult(File.Exists(file)));
        return (await File.ReadAllTextAsync(file)).Trim();
    }

    /// <summary>Between two times of day, at most half a day.</summary>
    static TimeSpan Difference(TimeSpan later, TimeSpan earlier)
    {
        var apart = later - earlier;
        return apart > TimeSpan.FromHours(12) ? apart - TimeSpan.FromDays(1) : apart < -TimeSpan.FromHours(12) ? apart + TimeSpan.FromDays(1) : apart;
    }
}

/// <summary>A table of cases with processes whose clock is wrong; skipped where none can be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SkewedClockTheoryAttribute : TheoryAttribute
{
    public SkewedClockTheoryAttribute() => Skip = new PostgresTheoryAttribute().Skip ?? SkewedClock.Missing;
}
