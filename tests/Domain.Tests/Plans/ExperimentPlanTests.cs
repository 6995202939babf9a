using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Tests.Experiments;

namespace KdRobust.Domain.Tests.Plans;

public sealed class ExperimentPlanTests
{
    static ExperimentPlan Plan(Action<JsonNode>? change = null, int run = 0) =>
        ExperimentPlan.Of(DemoSpec.Reading(change ?? (_ => { })).Spec!, run);

    [Fact]
    public void Parents_come_before_children()
    {
        var seen = new HashSet<string>();
        foreach (var job in Plan().Jobs)
        {
            job.DependsOn.ShouldBeSubsetOf(seen);
            seen.Add(job.Key);
        }
    }

    [Fact]
    public void What_two_results_need_alike_is_computed_once()
    {
        var plan = Plan();
        // One labelling for votes and soft labels, one evaluation for the teacher's two rows.
        plan.Jobs.Count(j => j.Payload is SmoothingEvalPayload { KeepLabels: true }).ShouldBe(1);
        plan.Results["clean-teacher-votes"].Job.ShouldBe(plan.Results["clean-teacher-soft"].Job);
        plan.Results["clean-teacher-soft"].Aggregation.ShouldBe(Aggregation.MeanProbability);
        plan.Results["cni-8/teacher-votes"].Target.ShouldBe(plan.Results["cni-8/teacher-soft"].Target);
        plan.Results["cni-8/cni"].Target.ShouldNotBe(plan.Results["cni-8/teacher-votes"].Target);
        plan.Jobs.Select(j => j.Fingerprint).ShouldBeUnique();
        plan.Jobs.Count.ShouldBe(5 + 1 + 12 + 7);
    }

    [Fact]
    public void Every_result_has_a_source() => Plan().Results.Keys.ShouldBe(DemoSpec.Read().ResultIds(), ignoreOrder: true);

    [Fact]
    public void The_same_spec_has_the_same_fingerprints()
    {
        Plan().Jobs.Select(j => j.Fingerprint).ShouldBe(Plan().Jobs.Select(j => j.Fingerprint));
        Plan().Fingerprint.ShouldBe(Plan().Fingerprint);
    }

    [Fact]
    public void How_a_number_is_written_changes_nothing() =>
        Plan(s => s["transfers"]!["cni-8"]!["attack"]!["epsilon"] = 8.0 / 255).Fingerprint.ShouldBe(Plan().Fingerprint);

    [Fact]
    public void Names_and_notes_change_no_job()
    {
        var renamed = Plan(s =>
        {
            s["notes"]!.AsArray().Add("another note");
            s["views"]!["renamed"] = s["views"]!["teacher-labels-votes"]!.DeepClone();
            s["models"]!["kd-votes"]!["weights"]!["distillation"]!["teacher"] = "renamed";
        });
        renamed.Jobs.Select(j => j.Fingerprint).ShouldBe(Plan().Jobs.Select(j => j.Fingerprint));
        renamed.Fingerprint.ShouldNotBe(Plan().Fingerprint);
    }

    [Fact]
    public void A_change_reaches_exactly_what_depends_on_it()
    {
        var before = Plan();
        var after = Plan(s => s["models"]!["akd-soft"]!["weights"]!["epochs"] = 13);
        var changed = before.Jobs.Where(j => after.Jobs.All(a => a.Fingerprint != j.Fingerprint)).Select(j => j.Key).ToList();
        changed.ShouldBe(["train/akd-soft", "attack/akd-soft-8", "evaluate/clean-akd-soft"], ignoreOrder: true);
    }

    [Fact]
    public void A_change_of_the_teacher_reaches_everything() =>
        Plan(s => s["models"]!["cni"]!["weights"]!["epochs"] = 13).Jobs.Select(j => j.Fingerprint)
            .Intersect(Plan().Jobs.Select(j => j.Fingerprint)).ShouldBeEmpty();

    [Fact]
    public void Again_shares_nothing_and_keeps_the_seeds()
    {
        var again = Plan(run: 1);
        again.Jobs.Select(j => j.Fingerprint).Intersect(Plan().Jobs.Select(j => j.Fingerprint)).ShouldBeEmpty();
        again.Jobs.Select(j => j.Payload.Seed).Distinct().ShouldHaveSingleItem().ShouldBe(1);
    }

    [Fact]
    public void The_number_of_test_images_changes_no_training() =>
        Plan(s => s["dataset"]!["testImages"] = 900).TrainingOf("cni").Fingerprint.ShouldBe(Plan().TrainingOf("cni").Fingerprint);

    [Fact]
    public void A_spec_with_problems_is_not_planned() =>
        Should.Throw<ArgumentException>(() => ExperimentPlan.Of(DemoSpec.Read() with { Views = new Dictionary<string, ViewSpec>() }));

    [Fact]
    public void A_payload_survives_its_row()
    {
        foreach (var job in Plan().Jobs)
        {
            var json = System.Text.Json.JsonSerializer.Serialize(job.Payload, SpecJson.Options);
            var back = System.Text.Json.JsonSerializer.Deserialize<JobPayload>(json, SpecJson.Options)!;
            CanonicalJson.Of(back).ShouldBe(CanonicalJson.Of(job.Payload));
        }
    }

    [Fact]
    public void Where_jobs_run_changes_no_fingerprint_and_what_a_worker_cannot_offer_is_refused()
    {
        var plain = DemoSpec.Read();
        var routed = plain with { Compute = plain.Compute with { Requires = new RequirementsSpec { GpuMemoryGib = null, Labels = ["quiet"] } } };
        SpecRules.Check(routed).ShouldBeEmpty();
        var (plan, other) = (ExperimentPlan.Of(plain), ExperimentPlan.Of(routed));
        other.Fingerprint.ShouldBe(plan.Fingerprint);
        other.Jobs.Select(job => job.Fingerprint).ShouldBe(plan.Jobs.Select(job => job.Fingerprint));
        JsonSerializer.Serialize(plain, SpecJson.Options).ShouldNotContain("requires");
        SpecReader.Read(JsonSerializer.Serialize(routed, SpecJson.Options)).Spec!.Compute.Requires!.Labels.ShouldBe(["quiet"]);

        var wrong = plain with { Compute = plain.Compute with { Requires = new RequirementsSpec { GpuMemoryGib = 40, Labels = ["Has Spaces"] } } };
        SpecRules.Check(wrong).Select(problem => problem.Path).ShouldBe(["$.compute.requires.gpuMemoryGib", "$.compute.requires.labels[0]"]);
    }
}
