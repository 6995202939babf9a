using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>What an import job is given: the file that its owner uploaded, or a failure that says what to do.</summary>
public sealed class ImportTests
{
    static async Task<Guid> Submit(Stage stage, string sha256)
    {
        var submitted = await stage.Desk.Submit(Specs.Import(Specs.NewSeed(), sha256));
        return (await stage.Desk.Experiments.Jobs(submitted.Id))[0].Job.Id;
    }

    [PostgresFact]
    public async Task Import_job_gets_the_bytes_of_its_owners_file()
    {
        await using var stage = await Stage.Open();
        var content = Desk.Bytes(5_000_001, 1); // Three chunks, the last one odd.
        var file = await stage.Desk.Upload(content);
        var job = await Submit(stage, file.Sha256);
        stage.StartWorker();
        var view = await stage.UntilEnded(job);
        view.State.ShouldBe(JobState.Succeeded, await stage.Dump());
        var result = view.Result.ShouldBeOfType<ImportResult>();
        result.Parameters.ShouldBe(content.Length);
        result.Mapped.ShouldHaveSingleItem().File.ShouldBe(file.Sha256, "the cache names files by their content");
        (await stage.Desk.Checkpoints.LatestOutput(job, OutputNames.Weights))!.Sha256.ShouldBe(file.Sha256);
        (await File.ReadAllBytesAsync(Path.Combine(stage.Folder, "scratch", "w1", "inputs", file.Sha256))).ShouldBe(content);
    }

    [PostgresFact]
    public async Task Spoiled_copy_in_the_cache_is_fetched_anew()
    {
        await using var stage = await Stage.Open();
        var file = await stage.Desk.Upload(Desk.Bytes(1000, 2));
        var folder = Directory.CreateDirectory(Path.Combine(stage.Folder, "scratch", "w1", "inputs")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, file.Sha256), Desk.Bytes(1000, 3));
        var job = await Submit(stage, file.Sha256);
        stage.StartWorker();
        (await stage.UntilEnded(job)).State.ShouldBe(JobState.Succeeded, await stage.Dump());
        (await stage.Desk.Checkpoints.LatestOutput(job, OutputNames.Weights))!.Sha256.ShouldBe(file.Sha256);
    }

    [PostgresFact]
    public async Task Damaged_file_fails_at_once_with_what_to_do_and_after_another_upload_it_works()
    {
        await using var stage = await Stage.Open();
        var content = Desk.Bytes(3_000_000, 4);
        var file = await stage.Desk.Upload(content);
        await stage.Database.Execute($"UPDATE chunk SET content = set_byte(content, 0, get_byte(content, 0) # 1) WHERE sha256 = (SELECT sha256 FROM model_file_chunk WHERE model_file_id = '{file.Id}' AND ordinal = 1)");
        var spec = Specs.Import(Specs.NewSeed(), file.Sha256);
        var first = await stage.Desk.Submit(spec);
        stage.StartWorker();
        var failed = await stage.UntilEnded((await stage.Desk.Experiments.Jobs(first.Id))[0].Job.Id);
        failed.State.ShouldBe(JobState.Failed);
        failed.Attempt.ShouldBe(1);
        failed.Failure!.Kind.ShouldBe(FailureKind.Permanent);
        failed.Failure.Message.ShouldContain("input file: the uploaded file 'weights.pt' is damaged");
        failed.Failure.Message.ShouldContain("kdr import FILE");

        await stage.Desk.Upload(content);
        var second = await stage.Desk.Submit(spec);
        second.Id.ShouldNotBe(first.Id);
        (await stage.UntilEnded((await stage.Desk.Experiments.Jobs(second.Id))[0].Job.Id)).State.ShouldBe(JobState.Succeeded, await stage.Dump());
    }

    [PostgresFact]
    public async Task File_of_somebody_else_is_none()
    {
        await using var stage = await Stage.Open();
        var content = Desk.Bytes(10, 5);
        var file = await stage.Desk.Upload(content);
        await stage.Desk.Upload(content, "bob");
        var job = await Submit(stage, file.Sha256);
        // Nobody can delete it while the job waits; a restored backup may lack it.
        await stage.Database.Execute("DELETE FROM model_file WHERE owner = 'ada'");
        stage.StartWorker();
        var failed = await stage.UntilEnded(job);
        failed.State.ShouldBe(JobState.Failed);
        failed.Failure!.Kind.ShouldBe(FailureKind.Permanent);
        failed.Failure.Message.ShouldContain($"no file of SHA-256 {file.Sha256} is there any more");
    }
}
