using KdRobust.ActionWorker;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>Who goes first, who waits for whom, and who may take what.</summary>
public sealed class OrderContract : ContractSuite
{
    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_13_Priority_decides_then_age_also_after_a_retry_and_can_be_raised_while_a_job_waits(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        var names = new Dictionary<Guid, string>();
        async Task<(Guid Job, long Seed)> Submit(string name, int priority, params ScriptedAction[] actions)
        {
            var submitted = await stage.Submit(new ActionScript(Epochs: 2, Actions: actions));
            await stage.Desk.Jobs.SetPriority(submitted.Job, priority, "ada");
            names.Add(submitted.Job, name);
            return submitted;
        }
        await Submit("one", 1);
        var first = await Submit("five, the older", 5, new ScriptedAction(1, RunAction.BadWeather, Times: 1));
        var second = await Submit("five, the younger", 5, new ScriptedAction(1, RunAction.Wait));
        var raised = await Submit("raised to nine", 0);
        await Submit("nine", 9);
        // Its third failure makes it wait for four seconds at least: long enough for the next to be taken.
        await stage.Database.Execute($"UPDATE job SET attempt = 2 WHERE id = '{first.Job}'");
        await Submit("five, the youngest", 5);
        stage.StartWorker();
        await stage.UntilEpoch(second.Seed, 1);
        await stage.Desk.PassWaits();
        (await stage.Desk.StateOf(first.Job)).ShouldBe(JobState.Queued);
        await stage.Desk.Jobs.SetPriority(raised.Job, 9, "ada");
        stage.LetGo(second.Seed);
        foreach (var job in names.Keys)
            (await stage.UntilEnded(job)).State.ShouldBe(JobState.Succeeded);
        (await Order(stage)).Select(job => names[job]).ShouldBe(["nine", "five, the older", "five, the younger", "raised to nine", "five, the older", "five, the youngest", "one"]);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_14_A_diamond_runs_parents_first_ends_with_a_failed_parent_and_comes_back_with_its_retry(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        var seed = Specs.NewSeed();
        // The jobs of one experiment share its seed, so its script: the first of them is refused, once.
        new ActionScript(Epochs: 2, Actions: [new(1, RunAction.RefuseInput, Times: 1)]).Write(stage.Folder, seed);
        var submitted = await stage.Desk.Submit(Specs.Diamond(seed));
        await stage.StartReadyWorker(cores: 2);
        var jobs = (await stage.Desk.Experiments.Jobs(submitted.Id)).ToDictionary(job => job.Key, job => job.Job.Id);
        (await stage.UntilEnded(jobs["train/cni"])).State.ShouldBe(JobState.Failed);
        foreach (var below in jobs.Values.Where(job => job != jobs["train/cni"]))
            (await stage.UntilEnded(below)).ShouldSatisfyAllConditions(view => view.State.ShouldBe(JobState.Cancelled), view => view.CancelledWith.ShouldBe(jobs["train/cni"]));
        stage.Epochs(seed).Count.ShouldBe(1, "nothing that waited was begun");

        (await stage.Desk.Jobs.Retry(jobs["train/cni"], RetryFrom.Checkpoint, "ada")).TakenBack.Count.ShouldBe(3);
        await stage.Until("the experiment has ended", async () => (await stage.Desk.Experiments.Find(submitted.Id, null))!.HasEnded);
        (await stage.Desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded, await stage.Dump());
        (await Order(stage)).ShouldBe([jobs["train/cni"], jobs["train/cni"], jobs["labels/teacher-labels-votes"], jobs["train/kd-votes"], jobs["attack/kd-votes-8"]]);
        (await stage.Database.Scalar<long>(
            """
            SELECT count(*) FROM job_dependency edge
            JOIN job_event begun ON begun.job_id = edge.job_id AND begun.to_state = 'Running'
            JOIN job_event ended ON ended.job_id = edge.parent_id AND ended.to_state = 'Succeeded'
            WHERE begun.id < ended.id
            """)).ShouldBe(0, "nobody begins before all he waits for");
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_16_Jobs_go_to_their_device_only_and_a_quota_of_one_holds_over_three_workers(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        await new QuotaStore(stage.Database.DataSource).Set(Desk.Owner, DeviceKind.Cpu, 1, "root");
        var jobs = new List<(Guid Job, long Seed)>();
        for (var i = 0; i < 9; i++)
            jobs.Add(await stage.Submit(new ActionScript(Epochs: 4), i % 3 == 2 ? DeviceKind.Cuda : DeviceKind.Cpu));
        for (var worker = 1; worker <= 3; worker++)
            stage.StartWorker($"cpu{worker}");
        // No GPU is asked for by these runs; its lock is one that nobody else takes.
        stage.StartWorker("gpu", more: ["--device", "cuda", "--gpus", $"{Environment.ProcessId}"]);
        foreach (var (job, seed) in jobs)
        {
            await stage.UntilEnded(job);
            await stage.ShouldHaveSucceededUndisturbed(job, seed, 4);
        }
        foreach (var (device, name) in new[] { ("cuda", "gpu"), ("cpu", "cpu_") })
            (await stage.Database.Scalar<long>($"SELECT count(*) FROM job_event event JOIN job ON job.id = event.job_id WHERE device = '{device}' AND to_state = 'Running' AND event.worker NOT LIKE '{name}'")).ShouldBe(0);
        (await stage.Database.Scalar<long>(
            """
            SELECT max(running)::bigint FROM (
                SELECT sum(CASE WHEN to_state = 'Running' THEN 1 WHEN from_state = 'Running' THEN -1 ELSE 0 END) OVER (ORDER BY event.id) AS running
                FROM job_event event JOIN job ON job.id = event.job_id WHERE device = 'cpu') counted
            """)).ShouldBe(1);
    }

    /// <summary>The jobs in the order in which they were claimed.</summary>
    static async Task<IReadOnlyList<Guid>> Order(Stage stage) =>
        [.. (await stage.Database.Scalar<Guid[]>("SELECT array_agg(job_id ORDER BY id) FROM job_event WHERE to_state = 'Running' AND from_state = 'Queued'"))!];
}
