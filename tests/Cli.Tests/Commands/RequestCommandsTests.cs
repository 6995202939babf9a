using System.Text.Json.Nodes;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Commands;

public sealed class RequestCommandsTests(RunningService service) : IClassFixture<RunningService>
{
    async Task<Said> Does(params string[] arguments)
    {
        var said = await service.Kdr.Run(arguments);
        said.ExitCode.ShouldBe(ExitCode.Done, $"{string.Join(' ', arguments)}: {said.Error}");
        return said;
    }

    async Task<string> State(Guid experiment) => JsonNode.Parse((await Does("show", experiment.ToString(), "--json")).Out)!["jobs"]![0]!["job"]!["state"]!.GetValue<string>();

    [PrivatePostgresFact]
    public async Task An_experiment_and_a_job_are_paused_resumed_reordered_and_retried()
    {
        var id = await service.Submit();
        (await Does("pause", id.ToString())).Error.ShouldContain("7 of 7 job(s) changed");
        (await State(id)).ShouldBe("paused");
        (await Does("resume", id.ToString())).Out.Split('\n')[0].ShouldStartWith("train/cni\tdone\t");
        (await Does("pause", $"{id}:train/cni")).Error.ShouldContain("'train cni' is paused");
        (await service.Kdr.Run("pause", $"{id}:train/cni")).ExitCode.ShouldBe(ExitCode.Failed, "what makes no sense now is refused, not a wrong command line");
        (await Does("resume", $"{id}:train/cni")).Error.ShouldContain("next: ./kdr show ");
        await Does("priority", id.ToString(), "--to", "5");
        await Does("cancel", id.ToString());
        await Does("retry", id.ToString(), "--from", "scratch");
        (await State(id)).ShouldBe("queued");
        var unknown = await service.Kdr.Run("pause", $"{id}:train/nobody");
        unknown.ExitCode.ShouldBe(ExitCode.NotFound);
        unknown.Error.ShouldContain("there are train/cni, ");
    }

    [PrivatePostgresFact]
    public async Task Many_are_changed_only_when_somebody_says_how_many()
    {
        var id = await service.Submit();
        var asked = await service.Kdr.Run("pause", "--experiment", id.ToString());
        asked.ExitCode.ShouldBe(ExitCode.Usage);
        asked.Error.ShouldContain("7 match. To change them all, say --expect 7");
        (await service.Kdr.Run("pause", "--experiment", id.ToString(), "--expect", "6")).ExitCode.ShouldBe(ExitCode.Failed);
        (await Does("pause", "--experiment", id.ToString(), "--expect", "7")).Error.ShouldContain("7 of 7 changed");
        (await Does("resume", "--experiment", id.ToString(), "--yes")).Error.ShouldContain("7 of 7 changed");
        (await service.Kdr.Run("pause")).ExitCode.ShouldBe(ExitCode.Usage);
        (await service.Kdr.Run("pause", id.ToString(), "--state", "queued")).ExitCode.ShouldBe(ExitCode.Usage);
    }

    [PrivatePostgresFact]
    public async Task Lists_take_filters_and_fields()
    {
        var id = await service.Submit();
        (await Does("ls", "jobs", "--experiment", id.ToString(), "--kind", "train")).Out.TrimEnd().Split('\n').Length.ShouldBe(2);
        var some = await Does("ls", "jobs", "--experiment", id.ToString(), "--limit", "3", "--json", "name,state");
        JsonNode.Parse(some.Out)!.AsArray().Count.ShouldBe(3);
        JsonNode.Parse(some.Out)![0]!.AsObject().Select(field => field.Key).ShouldBe(["name", "state"]);
        some.Error.ShouldContain("3 of more than 3 shown; --limit");
        (await Does("ls", "--json")).Error.ShouldContain("fields: id, name, ");
        var wrong = await service.Kdr.Run("ls", "jobs", "--json", "nmae");
        wrong.ExitCode.ShouldBe(ExitCode.Usage);
        wrong.Error.ShouldContain("there is no field 'nmae': there are id, name");
        (await Does("ls", "--state", "succeeded", "--name", "nothing like this")).Error.ShouldContain("none matches; next: ");
        (await Does("ls", "queues")).Error.ShouldContain(" ready; the oldest has been ready for ");
        await new WorkerStore(service.Database).Register(new("worker-1", "host", 4711, "cpu", 2, "0.1.0", null));
        (await Does("ls", "workers")).Out.ShouldContain("worker-1\thost\tcpu\t2\tworks");
        (await Does("drain", "worker-1")).Error.ShouldContain("next: ./kdr ls workers");
        (await Does("ls", "workers")).Out.ShouldContain("drained by admin");
        await Does("drain", "worker-1", "--undo");
        (await service.Kdr.Run("drain", "nobody")).ExitCode.ShouldBe(ExitCode.NotFound);
        (await service.Kdr.Run("ls", "workers", "--state", "queued")).ExitCode.ShouldBe(ExitCode.Usage);
        (await service.Kdr.Run("ls", "jobs", "--state", "done")).Error.ShouldContain("expected one of blocked, queued");
    }

    [PrivatePostgresFact]
    public async Task A_plan_says_what_is_known_and_how_long_the_rest_takes()
    {
        var seed = SmallSpec.NewSeed();
        var fresh = await Does("plan", SmallSpec.Path, "--set", seed);
        fresh.Out.ShouldContain("train/cni\ttrain\tnew\t");
        fresh.Error.ShouldContain("7 jobs, 7 of them new");
        await Does("submit", SmallSpec.Path, "--set", seed);
        await service.FinishAll();
        var known = await Does("plan", SmallSpec.Path, "--set", seed);
        known.Out.ShouldContain("train/cni\ttrain\tsucceeded\t0 s");
        known.Error.ShouldContain("7 jobs, 0 of them new; 0.0 s of computing");
        var like = await Does("plan", SmallSpec.Path, "--set", SmallSpec.NewSeed());
        like.Out.ShouldContain("train/cni\ttrain\tnew\tabout 3.0 s");
        like.Error.ShouldContain("basis: median of ");
        like.Error.ShouldContain($"next: ./kdr submit {SmallSpec.Path}");
        (await Does("plan", SmallSpec.Path, "--local")).Error.ShouldContain("no service was asked");
        JsonNode.Parse((await Does("plan", SmallSpec.Path, "--json")).Out)!["jobs"]![0]!["basis"].ShouldNotBeNull();
    }

    [PrivatePostgresFact]
    public async Task A_spec_is_run_again_exactly_changed_or_where_it_failed_and_compared()
    {
        var first = await service.Submit();
        await service.FinishAll();
        var exact = Guid.Parse((await Does("rerun", first.ToString())).Out.Trim());
        exact.ShouldNotBe(first);
        var job = await service.ClaimOf(exact);
        await service.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        await service.FinishAll();
        var mended = await Does("rerun", exact.ToString(), "--missing");
        Guid.Parse(mended.Out.Trim()).ShouldNotBe(exact);
        var changed = await Does("rerun", first.ToString(), "--set", SmallSpec.NewSeed());
        changed.Error.ShouldContain("compare: ./kdr diff ");
        await service.FinishAll();
        var diff = await Does("diff", first.ToString(), changed.Out.Trim());
        diff.Out.ShouldMatch(@"- seed \d+\n\+ seed \d+\n");
        diff.Out.ShouldContain("0.00 points, intervals overlap");
        (await Does("diff", first.ToString(), first.ToString())).Error.ShouldContain("the specs are the same");
        (await service.Kdr.Run("rerun", first.ToString(), "--missing", "--set", "seed=1")).ExitCode.ShouldBe(ExitCode.Usage);
    }

    [PrivatePostgresFact]
    public async Task The_log_of_a_job_is_its_history_and_its_numbers_and_ends_as_the_job_did()
    {
        var id = await service.Submit();
        var following = service.Kdr.Run("logs", $"{id}:train/cni", "-f");
        var job = await service.ClaimOf(id);
        await service.Metrics.Append(job.Lease, [new MetricPoint(0, "train/loss", 1, 40, 1.875), new MetricPoint(1, "train/accuracy", 1, 40, 0.25)]);
        await service.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "train.bin is cut short", "at byte 3073"));
        var followed = await following;
        followed.ExitCode.ShouldBe(ExitCode.WatchedFailed, followed.Error);
        followed.Out.ShouldContain("queued -> running (stand-in): claimed");
        followed.Out.ShouldContain("epoch 1, step 40: train/loss 1.875, train/accuracy 0.25");
        var stored = await Does("logs", job.Lease.JobId.ToString());
        stored.Out.ShouldContain("running -> failed");
        stored.Out.ShouldContain("at byte 3073");
        (await Does("logs", job.Lease.JobId.ToString(), "--attempt", "2")).Out.ShouldNotContain("train/loss");
        var experiment = await service.Kdr.Run("logs", id.ToString());
        experiment.ExitCode.ShouldBe(ExitCode.Usage);
        experiment.Error.ShouldContain(":train/NAME");
    }

    [PrivatePostgresFact]
    public async Task A_key_is_made_listed_rotated_and_revoked()
    {
        var made = await Does("key", "add", "eve", "--role", "reader", "--expires", "90d", "--label", "ci");
        var key = made.Out.Trim();
        var id = made.Error.Split(' ')[1];
        var eve = new CommandLine(service.Folders, key: key);
        (await eve.Run("ls")).ExitCode.ShouldBe(ExitCode.Done);
        (await Does("key", "ls")).Out.ShouldContain($"{id}\teve\treader\t");
        var rotated = await Does("key", "rotate", id, "--grace", "1");
        rotated.Error.ShouldContain("the old key opens for 1 h more");
        (await eve.Run("ls")).ExitCode.ShouldBe(ExitCode.Done);
        await Does("key", "revoke", id);
        (await eve.Run("ls")).ExitCode.ShouldBe(ExitCode.NotAllowed);
        (await new CommandLine(service.Folders, key: rotated.Out.Trim()).Run("ls")).ExitCode.ShouldBe(ExitCode.Done);
        (await service.Kdr.Run("key", "add", "eve", "--expires", "soon")).ExitCode.ShouldBe(ExitCode.Usage);
        var submitter = new CommandLine(service.Folders, key: await service.Key(ApiKeyRole.Submitter));
        (await submitter.Run("key", "add", "eve")).ExitCode.ShouldBe(ExitCode.NotAllowed);
    }
}
