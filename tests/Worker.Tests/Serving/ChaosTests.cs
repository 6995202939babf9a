using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;
using Xunit.Abstractions;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>
/// A minute in which workers and their runs are killed, halted, drained and told to cancel, and the server restarts, in an
/// order drawn from a seed; then everything must have ended, and the history must read as if nothing had gone wrong twice.
/// The schedule is repeatable, what it meets is not: that is its use.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    [PrivatePostgresFact]
    public async Task Whatever_happens_every_job_ends_once_with_the_undisturbed_numbers()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KDR_CHAOS_SEED"), out var named) ? named : 20260;
        output.WriteLine($"KDR_CHAOS_SEED={seed} repeats the schedule");
        await using var stage = await Stage.OpenWithOwnServer(Stage.ShortLease);
        var chaos = new Chaos(stage, new Random(seed));
        await chaos.Run(Duration, output);

        await stage.Until("every job has ended", async () => await stage.Database.Scalar<long>("SELECT count(*) FROM job WHERE finished_at IS NULL") == 0, 90);
        output.WriteLine(await stage.Database.Scalar<string>("SELECT string_agg(state || ' ' || n, ', ') FROM (SELECT state, count(*) AS n FROM job GROUP BY state) s"));
        output.WriteLine($"claims {await Count("SELECT count(*) FROM job_event WHERE to_state = 'Running'")}, taken from dead workers {await Count("SELECT count(*) FROM job_event WHERE from_state = 'Running' AND reason LIKE 'worker % was not heard of%'")}");

        // One end each, and it is the last line of the job's history.
        (await Count("SELECT count(*) FROM (SELECT job_id FROM job_event WHERE to_state IN ('Succeeded', 'Failed', 'Cancelled') GROUP BY job_id HAVING count(*) <> 1) twice")).ShouldBe(0);
        (await Count("SELECT count(*) FROM job WHERE state <> (SELECT to_state FROM job_event e WHERE e.job_id = job.id ORDER BY e.id DESC LIMIT 1)")).ShouldBe(0);
        // Each line continues where the one before it left the job.
        (await Count("SELECT count(*) FROM (SELECT from_state, lag(to_state) OVER (PARTITION BY job_id ORDER BY id) AS before FROM job_event) e WHERE from_state IS DISTINCT FROM before")).ShouldBe(0);
        // Fences only grow, in the history and in everything that was written; every claim has its own.
        foreach (var (table, order) in new[] { ("job_event", "id"), ("metric", "id"), ("checkpoint", "seq") })
            (await Count($"SELECT count(*) FROM (SELECT fence, lag(fence) OVER (PARTITION BY job_id ORDER BY {order}) AS before FROM {table}) f WHERE fence < before")).ShouldBe(0, table);
        (await Count("SELECT count(*) FROM (SELECT job_id, fence FROM job_event WHERE to_state = 'Running' GROUP BY job_id, fence HAVING count(*) > 1) twice")).ShouldBe(0);
        // Nothing was written before its claim or after its claim's end.
        (await Count("SELECT count(*) FROM metric m WHERE NOT EXISTS (SELECT 1 FROM job_event e WHERE e.job_id = m.job_id AND e.fence = m.fence AND e.to_state = 'Running')")).ShouldBe(0);

        var succeeded = 0;
        foreach (var (job, jobSeed, epochs) in chaos.Jobs)
        {
            var view = await stage.Desk.Job(job);
            if (view.State == JobState.Succeeded)
            {
                succeeded++;
                await stage.ShouldHaveSucceededUndisturbed(job, jobSeed, epochs);
            }
            else
            {
                view.State.ShouldBe(chaos.Cancelled.Contains(job) ? JobState.Cancelled : JobState.Failed, await stage.Dump());
                if (view.State == JobState.Failed)
                    view.Failure!.Kind.ShouldBe(FailureKind.Crash, "nothing else can fail for good here");
            }
        }
        succeeded.ShouldBeGreaterThan(chaos.Jobs.Count / 2, "chaos delays, it does not decide");

        Task<long> Count(string sql) => stage.Database.Scalar<long>(sql);
    }

    /// <summary>The schedule and what it did.</summary>
    sealed class Chaos(Stage stage, Random dice)
    {
        readonly List<WorkerProcess> living = [];
        int started;

        internal List<(Guid Job, long Seed, int Epochs)> Jobs { get; } = [];
        internal HashSet<Guid> Cancelled { get; } = [];

        internal async Task Run(TimeSpan duration, ITestOutputHelper output)
        {
            var end = Environment.TickCount64 + (long)duration.TotalMilliseconds;
            while (living.Count < 3)
                StartWorker();
            while (Environment.TickCount64 < end)
            {
                await Submit();
                var what = dice.NextDouble() switch
                {
                    < 0.30 => KillRun(),
                    < 0.45 => KillSupervisor(),
                    < 0.60 => await Halt(),
                    < 0.70 => await DrainOne(),
                    < 0.80 => await CancelOne(),
                    < 0.83 => await RestartServer(),
                    _ => "peace",
                };
                output.WriteLine(what);
                await Task.Delay(dice.Next(200, 1500));
                living.RemoveAll(worker => worker.HasEnded);
                while (living.Count < 3)
                    StartWorker();
            }
        }

        void StartWorker() => living.Add(stage.StartWorker($"w{++started}", cores: dice.Next(1, 3), drain: 2));

        async Task Submit()
        {
            if (dice.Next(3) == 0)
                return;
            var epochs = dice.Next(3, 25);
            var script = new ActionScript(epochs, MillisecondsPerEpoch: dice.Next(5, 80), CheckpointBytes: dice.Next(64, 400_000));
            var (job, seed) = await Steadily(() => stage.Submit(script));
            Jobs.Add((job, seed, epochs));
        }

        WorkerProcess Any() => living[dice.Next(living.Count)];

        string KillRun()
        {
            var worker = Any();
            var runs = worker.RunProcesses();
            if (runs.Count == 0)
                return $"{worker.Name} has no run process to kill";
            WorkerProcess.KillHard(runs[dice.Next(runs.Count)]);
            return $"killed a run process of {worker.Name}";
        }

        string KillSupervisor()
        {
            var worker = Any();
            worker.KillHard();
            return $"killed {worker.Name}";
        }

        async Task<string> Halt()
        {
            var worker = Any();
            var milliseconds = dice.Next(200, 6000);
            worker.Halt();
            await Task.Delay(milliseconds);
            worker.GoOn();
            return $"halted {worker.Name} for {milliseconds} ms";
        }

        async Task<string> DrainOne()
        {
            var worker = Any();
            var code = await worker.Drain(40);
            // 143: it was told before it had begun to listen for that.
            code.ShouldBeOneOf([0, 143], worker.Printed);
            return $"drained {worker.Name}";
        }

        async Task<string> CancelOne()
        {
            var open = new List<Guid>();
            foreach (var (job, _, _) in Jobs)
            {
                if (!(await Steadily(() => stage.Desk.StateOf(job))).IsTerminal())
                    open.Add(job);
            }
            if (open.Count == 0)
                return "nothing to cancel";
            var chosen = open[dice.Next(open.Count)];
            Cancelled.Add(chosen);
            return $"cancelled {chosen}: {(await Steadily(() => stage.Desk.Jobs.RequestCancel(chosen, "chaos", false))).Kind}";
        }

        async Task<string> RestartServer()
        {
            await stage.Cluster.Restart();
            stage.Database.DataSource.Clear();
            return "restarted the server";
        }

        // What a person at the API would do when the server has just restarted.
        static async Task<T> Steadily<T>(Func<Task<T>> action)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await action();
                }
                catch (Exception error) when (attempt < 20 && Persistence.Schema.Database.IsWeather(error))
                {
                    await Task.Delay(200);
                }
            }
        }
    }
}
