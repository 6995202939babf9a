using System.Text.Json.Nodes;
using KdRobust.Cli.Sweeps;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Sweeps;

public sealed class SweepCommandTests(RunningService service) : IClassFixture<RunningService>
{
    static int seeds = 700_000;

    /// <summary>A sweep of the sample over two seeds that nothing else has.</summary>
    string Write(string? changed = null)
    {
        var seed = Interlocked.Add(ref seeds, 2);
        var sweep = new JsonObject
        {
            ["name"] = "two-seeds", ["title"] = "Two seeds", ["base"] = JsonNode.Parse(File.ReadAllText(SmallSpec.Path)), ["halving"] = null,
            ["space"] = new JsonObject
            {
                ["kind"] = "grid", ["axes"] = new JsonObject { ["seed"] = new JsonObject { ["paths"] = new JsonArray(changed ?? "seed"), ["values"] = new JsonArray(seed, seed + 1) } },
            },
        };
        var file = Path.Combine(service.Folders.Root, $"sweep-{seed}.json");
        File.WriteAllText(file, sweep.ToJsonString());
        return file;
    }

    async Task<string> Submit(string file)
    {
        var said = await service.Kdr.Run("sweep", file);
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        Guid.TryParse(said.Out.Trim(), out _).ShouldBeTrue(said.Out);
        return said.Out.Trim();
    }

    [PrivatePostgresFact]
    public async Task A_sweep_goes_from_file_to_table()
    {
        var file = Write();
        var watching = service.Kdr.Run("sweep", file, "--watch", "--timeout", "60", "--json");
        while ((await service.Kdr.Run("sweep", "show", "two-seeds")).ExitCode != ExitCode.Done && !watching.IsCompleted)
        {
        }
        await service.FinishAll();
        var said = await watching;
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        var id = JsonNode.Parse(said.Out)!["sweep"]!["id"]!.GetValue<Guid>().ToString();
        said.Error.ShouldContain("two-seeds: 2 points, 2 new experiments, 14 jobs");
        said.Error.ShouldContain("[2/2] 2 succeeded; jobs 14/14");
        said.Error.ShouldContain("two-seeds succeeded; its table: ./kdr sweep table ");

        var again = await service.Kdr.Run("sweep", file);
        again.Out.Trim().ShouldBe(id);
        again.Error.ShouldContain("submitted before and is succeeded; nothing of it had to be made anew");
        foreach (var name in new[] { id, id[..13], "two-seeds", "@last" })
            JsonNode.Parse((await service.Kdr.Run("sweep", "show", name, "--json")).Out)!["sweep"]!["id"]!.GetValue<Guid>().ToString().ShouldBe(id, name);
        (await service.Kdr.Run("sweep", "ls", "--limit", "1")).Out.Split('\t')[..4].ShouldBe([id[..13], "two-seeds", "succeeded", "2/2"]);
        (await service.Kdr.Run("sweep", "show", id)).Out.Split('\n')[1].ShouldMatch(@"^1\t1\t\d+\tsucceeded\t");

        var table = await service.Kdr.Run("sweep", "table", id);
        table.Out.ShouldContain("50.0 [40.4, 59.6]");
        table.Out.ShouldContain("best teacher-clean first");
        (await service.Kdr.Run("sweep", "table", id, "--format", "csv", "--sort", "student-clean")).Out.ShouldStartWith("point,seed,state,experiment,teacher-clean,");
        JsonNode.Parse((await service.Kdr.Run("sweep", "table", id, "--format", "json")).Out)!["rows"]!.AsArray().Count.ShouldBe(2);
        (await service.Kdr.Run("sweep", "table", id, "--sort", "colour")).ExitCode.ShouldBe(ExitCode.Usage);
    }

    [PrivatePostgresFact]
    public async Task A_failed_point_is_3_and_a_retry_makes_only_that_one()
    {
        var id = await Submit(Write());
        await service.Jobs.Fail((await service.Jobs.TryClaimNext(new WorkerOffer("stand-in", 8, KdRobust.Domain.Experiments.DeviceKind.Cpu)))!.Lease, new JobFailure(FailureKind.Permanent, "no", ""));
        await service.FinishAll();
        var watched = await service.Kdr.Run("sweep", "watch", id, "--timeout", "60");
        watched.ExitCode.ShouldBe(ExitCode.WatchedFailed);
        watched.Error.ShouldContain("[2/2] 1 succeeded, 1 failed");
        watched.Error.ShouldContain($"./kdr sweep retry {id[..13]}");
        (await service.Kdr.Run("sweep", "retry", id)).Error.ShouldContain("1 experiment(s) that had failed or were cancelled are made anew");
        await service.FinishAll();
        (await service.Kdr.Run("sweep", "watch", id, "--timeout", "60")).ExitCode.ShouldBe(ExitCode.Done);
    }

    [PrivatePostgresFact]
    public async Task A_cancelled_sweep_is_8_and_one_watched_for_too_long_124()
    {
        var id = await Submit(Write());
        (await service.Kdr.Run("sweep", "watch", id, "--timeout", "0.3")).ExitCode.ShouldBe(ExitCode.TimedOut);
        (await service.Kdr.Run("sweep", "cancel", id)).Error.ShouldContain("2 experiment(s) cancelled, 14 job(s)");
        (await service.Kdr.Run("sweep", "cancel", id)).Error.ShouldContain("no point of it was still to compute");
        (await service.Kdr.Run("sweep", "watch", id, "--timeout", "60")).ExitCode.ShouldBe(ExitCode.Cancelled);
    }

    [PrivatePostgresFact]
    public async Task What_is_wrong_is_2_and_what_does_not_exist_5()
    {
        var wrong = await service.Kdr.Run("sweep", Write("sed"));
        wrong.ExitCode.ShouldBe(ExitCode.Usage);
        wrong.Error.ShouldContain("$.space.axes.seed.paths[0]");
        wrong.Error.ShouldContain("did you mean 'seed'?");
        (await service.Kdr.Run("sweep", "no-such-file.json")).ExitCode.ShouldBe(ExitCode.Usage);
        foreach (var verb in new[] { "show", "table", "watch", "cancel", "retry" })
            (await service.Kdr.Run("sweep", verb, "no-such-sweep")).ExitCode.ShouldBe(ExitCode.NotFound, verb);
    }

    [Fact]
    public void A_sweep_is_told_from_a_spec()
    {
        SweepFile.IsOne(SmallSpec.Path).ShouldBeFalse();
        SweepFile.IsOne(Repository.At("experiments", "sweeps", "noise-rank.json")).ShouldBeTrue();
        SweepFile.IsOne(Repository.At("README.md")).ShouldBeFalse();
    }
}
