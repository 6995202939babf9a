using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Tests.Experiments;

namespace KdRobust.Domain.Tests.Plans;

public sealed class ShardPlanTests
{
    static ExperimentPlan Plan(int? shardImages) => ExperimentPlan.Of(Spec(shardImages));

    static ExperimentSpec Spec(int? shardImages, Action<JsonNode>? change = null) => DemoSpec.Reading(s =>
    {
        if (shardImages is { } size) s["compute"]!["shardImages"] = size;
        change?.Invoke(s);
    }).Spec!;

    [Fact]
    public void Without_a_size_and_with_one_that_nothing_exceeds_every_evaluation_is_one_job()
    {
        Plan(null).Jobs.ShouldAllBe(job => job.ShardOf == null && job.Shards == 0);
        Plan(2048).Jobs.Select(job => (job.Key, job.Fingerprint)).ShouldBe(Plan(null).Jobs.Select(job => (job.Key, job.Fingerprint)));
        CanonicalJson.Of(DemoSpec.Read()).ShouldNotContain("shardImages");
        Plan(null).Jobs.ShouldAllBe(job => !CanonicalJson.Of(job.Payload).Contains("shard"));
    }

    [Fact]
    public void Shards_cover_every_image_once_and_their_merge_waits_for_all_of_them()
    {
        var plan = Plan(768);
        var merge = plan.Jobs.Single(job => job.Payload is MergePayload && job.Key.StartsWith("labels/", StringComparison.Ordinal));
        var shards = merge.DependsOn.Select(plan.Job).ToList();
        shards.Select(shard => shard.Key).ShouldBe([$"{merge.Key}/images-0-767", $"{merge.Key}/images-768-1535", $"{merge.Key}/images-1536-1999"]);
        shards.ShouldAllBe(shard => shard.ShardOf == merge.Key);
        shards.SelectMany(shard => Enumerable.Range(((ImagesPayload)shard.Payload).Range.First, ((ImagesPayload)shard.Payload).Range.Count)).ShouldBe(Enumerable.Range(0, 2000));
        shards.ShouldAllBe(shard => shard.DependsOn.Single() == "train/cni");
        merge.Inputs[InputRoles.Shard(2)].ShouldBe(new JobInput(shards[2].Key, OutputNames.Part));
        (merge.Shards, merge.MeasuredKind, merge.Payload.KindName).ShouldBe((3, SmoothingEvalPayload.Kind, MergePayload.Kind));
    }

    [Theory]
    [InlineData(256, 8 + (6 * 2))]
    [InlineData(512, 4)]
    public void How_work_is_cut_changes_no_fingerprint_of_a_whole_or_of_what_depends_on_it(int size, int atLeast)
    {
        var (whole, cut) = (Plan(null), Plan(size));
        cut.Jobs.Count(job => job.ShardOf is not null).ShouldBeGreaterThanOrEqualTo(atLeast);
        cut.Jobs.Where(job => job.ShardOf is null).Select(job => (job.Key, job.Fingerprint)).ShouldBe(whole.Jobs.Select(job => (job.Key, job.Fingerprint)));
        cut.Results.ShouldBe(whole.Results);
        cut.Jobs.Select(job => job.Fingerprint).ShouldBeUnique();
        cut.Jobs.Select(job => job.Key).ShouldBeUnique();
    }

    [Fact]
    public void Parents_come_before_children()
    {
        var seen = new HashSet<string>();
        foreach (var job in Plan(256).Jobs)
        {
            job.DependsOn.ShouldBeSubsetOf(seen);
            seen.Add(job.Key);
        }
    }

    [Theory]
    [InlineData(300, "a multiple of 256")]
    [InlineData(0, "256 to 50000")]
    public void A_size_that_cuts_a_block_is_refused(int size, string expected)
    {
        var problem = DemoSpec.Reading(s => s["compute"]!["shardImages"] = size).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.compute.shardImages");
        problem.Expected.ShouldBe(expected);
    }

    [Fact]
    public void A_size_survives_being_stored_and_so_do_payloads()
    {
        var spec = Spec(512);
        System.Text.Json.JsonSerializer.Deserialize<ExperimentSpec>(System.Text.Json.JsonSerializer.Serialize(spec, SpecJson.Options), SpecJson.Options)!.Compute.ShardImages.ShouldBe(512);
        foreach (var job in Plan(512).Jobs)
        {
            var back = System.Text.Json.JsonSerializer.Deserialize<JobPayload>(System.Text.Json.JsonSerializer.Serialize(job.Payload, SpecJson.Options), SpecJson.Options)!;
            CanonicalJson.Of(back).ShouldBe(CanonicalJson.Of(job.Payload));
        }
    }

    [Fact]
    public void Only_images_that_leave_early_have_another_generation_of_numbers_where_there_is_more_than_one_block()
    {
        int VersionOf(bool early, int images) => ResultsVersions.Of((SmoothingEvalPayload)Plan(null).Jobs.First(job => job.Payload is SmoothingEvalPayload).Payload with
        {
            StopFor = early ? Aggregation.Votes : null, Images = images,
        });
        (VersionOf(true, 257), VersionOf(true, 256), VersionOf(false, 10_000)).ShouldBe((2, 1, 1));
    }
}
