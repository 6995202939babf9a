using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Experiments;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>Evaluations, labels and attacks in shards, by workers that really compute.</summary>
public sealed class ShardTests
{
    // A teacher, its labels, a student, an evaluation with intervals over draws, an attack: all of more than one block of images.
    static ExperimentSpec Spec(int? shardImages)
    {
        var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", "small.json")))!;
        if (shardImages is { } size) spec["compute"]!["shardImages"] = size;
        spec["dataset"]!["trainImages"] = 260;
        spec["dataset"]!["testImages"] = 300;
        foreach (var model in new[] { "cni", "student" })
        {
            var weights = spec["models"]![model]!["weights"]!;
            weights["epochs"] = 1;
            weights["monitor"] = null;
            weights["adversarial"] = null;
        }
        spec["models"]!["student"]!["weights"]!["distillation"]!["adversarialWeight"] = 0;
        spec["views"]!["teacher"]!["draws"] = 8;
        spec["evaluations"] = JsonNode.Parse("""{ "clean": { "view": "teacher", "images": 300 } }""");
        var attack = spec["transfers"]!["teacher-pgd"]!.DeepClone();
        attack["images"] = 300;
        attack["attack"]!["steps"] = 1;
        attack["targets"] = new JsonArray("student");
        spec["transfers"] = new JsonObject { ["pgd"] = attack };
        foreach (var part in new[] { "tables", "figures", "comparisons" }) spec[part] = new JsonArray();
        var reading = SpecReader.Read(spec.ToJsonString());
        reading.Problems.ShouldBeEmpty();
        return reading.Spec!;
    }

    static string Numbers(JobResult? result) => CanonicalJson.Of(result! with { Seconds = 0 });

    static async Task<Dictionary<string, (string Numbers, string Outputs)>> Ended(Stage stage, Submitted submitted)
    {
        await stage.Until("the experiment has ended", async () => (await stage.Desk.Experiments.Jobs(submitted.Id)).All(job => job.Job.State.IsTerminal()), 300);
        var found = new Dictionary<string, (string, string)>();
        foreach (var (key, _, job) in await stage.Desk.Experiments.Jobs(submitted.Id))
        {
            job.State.ShouldBe(JobState.Succeeded, await stage.Dump());
            var outputs = await stage.Database.Scalar<string>($"SELECT coalesce(string_agg(name || ' ' || sha256, ', ' ORDER BY name), '') FROM checkpoint WHERE job_id = '{job.Id}' AND role = 'Output'");
            found.Add(key, (Numbers(job.Result), outputs!));
        }
        return found;
    }

    [RealRunsFact]
    public async Task Two_workers_of_which_one_is_killed_in_a_shard_find_together_what_one_job_finds()
    {
        await using var stage = await Stage.Open(Stage.ShortLease);
        var spec = Spec(256);
        var cut = await stage.Desk.Submit(spec);
        var workers = new[] { stage.StartRealWorker("w1"), stage.StartRealWorker("w2") };
        const string running = "SELECT count(DISTINCT worker) FROM job WHERE state = 'Running' AND payload ? 'shard'";
        await stage.Until("both work at shards", async () => await stage.Database.Scalar<long>(running) == 2, 120);
        workers[0].KillHard();
        var shards = await Ended(stage, cut);

        var plan = ExperimentPlan.Of(spec);
        shards.Keys.ShouldBe(plan.Jobs.Select(job => job.Key), ignoreOrder: true);
        plan.Jobs.Count(job => job.ShardOf is not null).ShouldBe(3 * 2);
        var rows = await stage.Desk.Experiments.Jobs(cut.Id);
        rows.Count(row => row.Job.Attempt == 2).ShouldBe(1, "the shard that the killed worker had");
        foreach (var row in rows) (await stage.Desk.Jobs.Events(row.Job.Id)).Count(line => line.To.IsTerminal()).ShouldBe(1);
        (await stage.Database.Scalar<long>("SELECT count(DISTINCT event.worker) FROM job_event event JOIN job ON job.id = event.job_id WHERE event.to_state = 'Running' AND job.payload ? 'shard'")).ShouldBe(2);

        var whole = await Ended(stage, await stage.Desk.Submit(Spec(null), owner: "grace"));
        whole.Count.ShouldBe(5);
        foreach (var (key, alone) in whole) shards[key].ShouldBe(alone, key);
        whole["labels/teacher"].Outputs.ShouldStartWith("labels ");
    }
}
