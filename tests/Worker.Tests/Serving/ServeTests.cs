using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Workers;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>What a worker does when nothing goes wrong, and when a run does.</summary>
public sealed class ServeTests
{
    [PostgresFact]
    public async Task Experiment_runs_through_with_metrics_progress_checkpoints_and_one_process()
    {
        await using var stage = await Stage.Open();
        var seed = Specs.NewSeed();
        new ActionScript(CheckpointBytes: 5 << 20).Write(stage.Folder, seed); // Three chunks.
        var submitted = await stage.Desk.Submit(Specs.Diamond(seed));
        var worker = stage.StartWorker();
        await stage.Until("the experiment has ended", async () => (await stage.Desk.Experiments.Find(submitted.Id, null))!.HasEnded);

        (await stage.Desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded, await stage.Dump());
        var training = (await stage.Desk.Experiments.Jobs(submitted.Id)).Single(job => job.Key == "train/cni").Job;
        await stage.ShouldHaveSucceededUndisturbed(training.Id, seed);
        training.Attempt.ShouldBe(1);
        (await stage.Desk.Checkpoints.LatestOutput(training.Id, OutputNames.Weights))!.Bytes.ShouldBe(5 << 20);
        stage.Epochs(seed).Select(epoch => epoch.ProcessId).Distinct().ShouldHaveSingleItem("a run process lives across jobs");

        var self = (await new WorkerStore(stage.Database.DataSource).List()).ShouldHaveSingleItem();
        self.Alive.ShouldBeTrue();
        self.Info.ProcessId.ShouldBe(worker.ProcessId);
        (await worker.Drain()).ShouldBe(0, worker.Printed);
        (await new WorkerStore(stage.Database.DataSource).List())[0].Alive.ShouldBeFalse();
        Directory.GetFiles(Path.Combine(stage.Folder, "scratch", "w1", "logs")).ShouldHaveSingleItem();
    }

    [PostgresFact]
    public async Task Worker_whose_scratch_folder_is_not_there_yet_starts_without_a_complaint()
    {
        await using var stage = await Stage.Open();
        var worker = stage.StartWorker();
        await stage.Until("its sign of life is there", () => Task.FromResult(File.Exists(Path.Combine(stage.Folder, "scratch", "w1", "alive"))));
        worker.Printed.ShouldNotContain("WRN");
    }

    [PostgresFact]
    public async Task Supervisor_loads_no_libtorch_and_hides_the_database_from_the_run()
    {
        await using var stage = await Stage.Open();
        var worker = stage.StartWorker();
        await stage.Until("a run process is there", () => Task.FromResult(worker.RunProcesses().Count == 1 && worker.Printed.Contains("is ready")));
        File.ReadAllText($"/proc/{worker.ProcessId}/maps").ShouldNotContain("libtorch");
        File.ReadAllText($"/proc/{worker.ProcessId}/maps").ShouldNotContain("KdRobust.Torch");
        File.ReadAllText($"/proc/{worker.RunProcesses()[0]}/environ").ShouldNotContain("KDR_DATABASE");
        File.ReadAllText($"/proc/{worker.RunProcesses()[0]}/environ").ShouldContain("OMP_NUM_THREADS=1");
    }

    [PostgresFact]
    public async Task Refused_input_fails_at_once_and_the_process_goes_on()
    {
        await using var stage = await Stage.Open();
        var (bad, badSeed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.RefuseInput)]));
        var (good, goodSeed) = await stage.Submit(new ActionScript());
        stage.StartWorker();
        var failed = await stage.UntilEnded(bad);
        failed.State.ShouldBe(JobState.Failed);
        failed.Attempt.ShouldBe(1);
        failed.Failure.ShouldBe(new JobFailure(FailureKind.Permanent, "train.bin ends at byte 12: fetch it again", ""));
        await stage.UntilEnded(good);
        await stage.ShouldHaveSucceededUndisturbed(good, goodSeed);
        stage.Epochs(goodSeed)[0].ProcessId.ShouldBe(stage.Epochs(badSeed)[0].ProcessId);
    }

    [PostgresFact]
    public async Task Bad_weather_and_a_bug_are_tried_again_from_the_last_checkpoint()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.BadWeather, Times: 1), new(5, RunAction.Throw, Times: 1), new(7, RunAction.BreakCheckpoint, Times: 1)]));
        stage.StartWorker();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(4);
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 10]);
        stage.Epochs(seed).Select(epoch => epoch.ProcessId).Distinct().Count().ShouldBe(3, "after a bug nobody knows what is left of the process");
    }

    [PostgresFact]
    public async Task Job_that_always_kills_its_process_fails_after_three_and_others_flow()
    {
        await using var stage = await Stage.Open();
        var (poison, seed) = await stage.Submit(new ActionScript(Actions: [new(1, RunAction.Kill)]));
        var (other, otherSeed) = await stage.Submit(new ActionScript());
        stage.StartWorker();
        var failed = await stage.UntilEnded(poison);
        failed.State.ShouldBe(JobState.Failed);
        failed.Failure!.Kind.ShouldBe(FailureKind.Crash);
        failed.Failure.Message.ShouldContain("signal 9");
        failed.Failure.Message.ShouldContain("3 times");
        stage.Epochs(seed).Count.ShouldBe(3);
        await stage.UntilEnded(other);
        await stage.ShouldHaveSucceededUndisturbed(other, otherSeed);
    }

    [PostgresFact]
    public async Task Damaged_resume_point_is_passed_over_for_the_one_before()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait)]));
        var worker = stage.StartWorker();
        await stage.UntilCheckpoint(job, 4);
        await worker.Drain();
        var newest = (await stage.Desk.Checkpoints.LatestResume(job))!;
        newest.Epoch.ShouldBe(4);
        await stage.Database.Execute($"UPDATE chunk SET content = set_byte(content, 0, 99) WHERE sha256 = (SELECT sha256 FROM checkpoint_chunk WHERE checkpoint_id = '{newest.Id}')");
        Directory.Delete(Path.Combine(stage.Folder, "scratch"), recursive: true);
        stage.LetGo(seed);
        stage.StartWorker("w2");
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 10]);
    }

    [PostgresFact]
    public async Task Two_workers_share_the_work_and_run_each_job_once()
    {
        await using var stage = await Stage.Open();
        stage.StartWorker("w1");
        stage.StartWorker("w2", cores: 2);
        var jobs = new List<(Guid Job, long Seed)>();
        for (var i = 0; i < 9; i++)
            jobs.Add(await stage.Submit(new ActionScript(MillisecondsPerEpoch: 60)));
        foreach (var (job, seed) in jobs)
        {
            (await stage.UntilEnded(job)).Attempt.ShouldBe(1);
            await stage.ShouldHaveSucceededUndisturbed(job, seed);
            stage.Epochs(seed).Count.ShouldBe(10);
        }
        jobs.SelectMany(job => stage.Epochs(job.Seed)).Select(epoch => epoch.ProcessId).Distinct().Count().ShouldBe(3);
    }
}
