using KdRobust.Persistence.Models;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Experiments;

/// <summary>Submissions need the files they import; files stay while jobs need them.</summary>
public sealed class ImportingSubmissionTests
{
    static readonly string Unknown = new('a', 64);

    [PostgresFact]
    public async Task Spec_that_imports_a_file_its_owner_has_not_uploaded_is_refused_and_nothing_is_stored()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var bobs = await desk.Upload(Desk.Bytes(10, 1), "bob");
        foreach (var sha256 in new[] { Unknown, bobs.Sha256 })
            (await Should.ThrowAsync<ModelFilesMissingException>(() => desk.Submit(Specs.Import(1, sha256)))).Sha256.ShouldBe([sha256]);
        (await database.Scalar<long>("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job)")).ShouldBe(0);
        (await desk.Submit(Specs.Import(1, bobs.Sha256), owner: "bob")).Created.ShouldBeTrue();
    }

    [PostgresFact]
    public async Task File_is_kept_while_a_job_of_its_owner_that_has_not_ended_reads_it()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var file = await desk.Upload(Desk.Bytes(10, 1));
        await desk.Upload(Desk.Bytes(10, 1), "bob");
        await desk.Submit(Specs.Import(1, file.Sha256));
        (await desk.ModelFiles.Delete("bob", file.Sha256)).ShouldSatisfyAllConditions(bobs => bobs.Found.ShouldBeTrue(), bobs => bobs.Users.ShouldBeEmpty());

        (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).Users.ShouldHaveSingleItem().Name.ShouldBe("import cni");
        var job = await desk.Claim();
        (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).Users.ShouldHaveSingleItem().JobId.ShouldBe(job.Lease.JobId);
        (await desk.ModelFiles.Find(Desk.Owner, file.Sha256)).ShouldBe(file);
        await desk.StoreOutputs(job);
        await desk.Jobs.Complete(job.Lease, Desk.ResultOf(job));
        (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).Users.ShouldBeEmpty();
        (await desk.ModelFiles.Find(Desk.Owner, file.Sha256)).ShouldBeNull();
    }

    [PostgresFact]
    public async Task What_was_read_already_needs_its_file_no_more()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var file = await desk.Upload(Desk.Bytes(10, 1));
        var spec = Specs.Import(1, file.Sha256);
        var first = await desk.Submit(spec);
        await desk.Work();
        await desk.ModelFiles.Delete(Desk.Owner, file.Sha256);

        (await desk.Submit(spec)).Id.ShouldBe(first.Id);
        (await desk.Submit(Specs.Import(1, file.Sha256, "other name"))).ReusedJobs.ShouldBe(1);
        await Should.ThrowAsync<ModelFilesMissingException>(() => desk.Submit(spec, again: true));
    }

    [PostgresFact]
    public async Task No_file_vanishes_between_being_found_and_being_needed()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var refused = 0;
        for (var round = 0; round < 12; round++)
        {
            var file = await desk.Upload(Desk.Bytes(10, 100 + round));
            var submission = Task.Run(async () =>
            {
                try
                {
                    return (await desk.Submit(Specs.Import(round, file.Sha256))).Created;
                }
                catch (ModelFilesMissingException)
                {
                    return false;
                }
            });
            var deletion = Task.Run(async () => (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).Users.Count == 0);
            var (submitted, deleted) = (await submission, await deletion);
            submitted.ShouldBe(!deleted, "exactly one of them came first");
            refused += submitted ? 1 : 0;
        }
        refused.ShouldBe((int)await database.Scalar<long>("SELECT count(*) FROM model_file"));
    }
}
