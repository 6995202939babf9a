using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Plans;

public sealed class PlanTests(RunningApi api) : IClassFixture<RunningApi>
{
    static async Task<JsonNode> Plan(HttpClient client, string spec, string query = "")
    {
        using var response = await client.PostAsync($"/v1/plan{query}", Answers.Json(spec));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.Body())!;
    }

    [PostgresFact]
    public async Task A_plan_changes_nothing_and_says_that_it_has_no_basis()
    {
        var before = await api.Database.Scalar<long>("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job) + (SELECT count(*) FROM audit)");
        var plan = await Plan(api.AdaReads, SmallSpec.Unique());
        plan["jobs"]!.AsArray().Count.ShouldBe(7);
        plan["new"]!.GetValue<int>().ShouldBe(7);
        plan["withoutBasis"]!.GetValue<int>().ShouldBe(7);
        plan["jobs"]!.AsArray().ShouldAllBe(job => job!["seconds"] == null && job["basis"]!.GetValue<string>() == "no basis");
        (await api.Database.Scalar<long>("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job) + (SELECT count(*) FROM audit)")).ShouldBe(before);
    }

    [PostgresFact]
    public async Task What_is_computed_is_reused_and_what_is_like_it_is_estimated_by_the_median()
    {
        using var eve = api.Client(await api.Key("planner", Persistence.Keys.ApiKeyRole.Submitter));
        var spec = SmallSpec.Unique();
        await eve.Submit(spec);
        (await Plan(eve, spec))["jobs"]!.AsArray().ShouldAllBe(job => job!["reused"] != null);
        await new StandInWorker(api).FinishAll();

        var reused = await Plan(eve, spec);
        reused["new"]!.GetValue<int>().ShouldBe(0);
        reused["seconds"]!.GetValue<double>().ShouldBe(0);
        reused["jobs"]!.AsArray().ShouldAllBe(job => job!["reusedState"]!.GetValue<string>() == "succeeded" && job["basis"]!.GetValue<string>() == "computed already");
        (await Plan(eve, spec, "?again=true"))["new"]!.GetValue<int>().ShouldBe(7);

        // Twice the epochs of the same network: twice the seconds.
        var longer = JsonNode.Parse(SmallSpec.Unique())!;
        var weights = longer["models"]!["cni"]!["weights"]!;
        weights["epochs"] = 2 * weights["epochs"]!.GetValue<int>();
        var estimated = await Plan(eve, longer.ToJsonString());
        var train = estimated["jobs"]!.AsArray().First(job => job!["key"]!.GetValue<string>() == "train/cni")!;
        train["seconds"]!.GetValue<double>().ShouldBe(2 * 43.2, 1e-6);
        train["basis"]!.GetValue<string>().ShouldContain("median of 1 finished job(s): train of wide-resnet-");
        estimated["new"]!.GetValue<int>().ShouldBe(7);
        (await Plan(api.Bob, longer.ToJsonString()))["withoutBasis"]!.GetValue<int>().ShouldBe(7, "another owner's work is no basis");
    }

    [PostgresFact]
    public async Task A_spec_with_problems_is_refused_as_a_submission_is()
    {
        var spec = JsonNode.Parse(SmallSpec.Unique())!;
        spec["seed"] = -1;
        using var response = await api.Ada.PostAsync("/v1/plan", Answers.Json(spec.ToJsonString()));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]![0]!["path"]!.GetValue<string>().ShouldBe("$.seed");
    }

    [PostgresFact]
    public async Task Queues_count_what_has_not_ended()
    {
        using var eve = api.Client(await api.Key("counter", Persistence.Keys.ApiKeyRole.Submitter));
        var before = (await eve.GetJson("/v1/queues"))!["depths"]!.AsArray().Sum(depth => depth!["jobs"]!.GetValue<long>());
        await eve.SubmitSample();
        var queues = (await eve.GetJson("/v1/queues"))!;
        queues["depths"]!.AsArray().Sum(depth => depth!["jobs"]!.GetValue<long>()).ShouldBe(before + 7);
        queues["depths"]!.AsArray().Sum(depth => depth!["own"]!.GetValue<long>()).ShouldBe(7);
        queues["ready"]!.GetValue<long>().ShouldBeGreaterThan(0);
        queues["oldestReadySeconds"]!.GetValue<double>().ShouldBeGreaterThanOrEqualTo(0);
    }

    [PostgresFact]
    public async Task Data_sets_are_listed_with_their_checksums()
    {
        var sets = (await api.AdaReads.GetJson("/v1/datasets"))!.AsArray();
        sets.Select(set => set!["name"]!.GetValue<string>()).ShouldBe(["cifar10", "cifar10-mini", "synthetic"], ignoreOrder: true);
        var mini = sets.First(set => set!["name"]!.GetValue<string>() == "cifar10-mini")!;
        mini["trainImages"]!.GetValue<int>().ShouldBe(2000);
        mini["files"]![0]!["sha256"]!.GetValue<string>().Length.ShouldBe(64);
    }
}
