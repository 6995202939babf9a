using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Experiments;

public sealed class ExperimentListTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly string[] States = ["queued", "running", "succeeded", "failed", "cancelled"];

    static async Task<List<(Guid Id, string State)>> List(HttpClient client, string query) =>
        [.. (await client.GetJson($"/v1/experiments?{query}"))!["items"]!.AsArray().Select(e => (e!["id"]!.GetValue<Guid>(), e["state"]!.GetValue<string>()))];

    [PostgresFact]
    public async Task A_state_finds_just_the_experiments_that_are_shown_in_it()
    {
        using var eve = api.Client(await api.Key("eve", Persistence.Keys.ApiKeyRole.Submitter));
        var worker = new StandInWorker(api);
        await eve.SubmitSample();
        await worker.FinishAll();
        await eve.SubmitSample();
        await api.Jobs.Fail((await worker.Claim()).Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        await worker.FinishAll();
        var cancelled = await eve.SubmitSample();
        using (await eve.PostAsync($"/v1/experiments/{cancelled}/cancel", null)) { }
        var jobsCancelled = (await eve.Submit(Samples.SmallSpec.Unique()))["jobs"]!.AsArray().Select(job => job!["job"]!["id"]!.GetValue<Guid>()).ToList();
        foreach (var job in jobsCancelled)
            using (await eve.PostAsync($"/v1/jobs/{job}/cancel", null)) { }
        await eve.SubmitSample();
        await worker.Claim();
        await eve.SubmitSample();

        var all = await List(eve, "limit=500");
        all.Select(e => e.State).Distinct().ShouldBe(States, ignoreOrder: true);
        foreach (var state in States)
            (await List(eve, $"state={state}")).Select(e => e.Id).ShouldBe(all.Where(e => e.State == state).Select(e => e.Id), state);
    }

    [PostgresFact]
    public async Task Experiments_are_found_by_name_part_and_time_in_both_orders()
    {
        using var eve = api.Client(await api.Key("finder", Persistence.Keys.ApiKeyRole.Submitter));
        var other = JsonNode.Parse(Samples.SmallSpec.Unique())!;
        (other["name"], other["title"]) = ("ablation-7", "What 100% of the noise is worth");
        var first = Answers.IdOf(await eve.Submit(other.ToJsonString()));
        var second = await eve.SubmitSample();
        (await List(eve, "contains=ABLATION")).Select(e => e.Id).ShouldBe([first]);
        (await List(eve, "contains=100%25%20of")).Select(e => e.Id).ShouldBe([first]);
        (await List(eve, "contains=_")).ShouldBeEmpty();
        (await List(eve, "name=small")).Select(e => e.Id).ShouldBe([second]);
        (await List(eve, "sort=created")).Select(e => e.Id).ShouldBe([first, second]);
        (await List(eve, "createdBefore=2020-01-01T00:00:00Z")).ShouldBeEmpty();
        (await List(api.Admin, "owner=finder")).Count.ShouldBe(2);
        using var others = await eve.GetAsync("/v1/experiments?owner=ada");
        await others.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
        using var wrong = await eve.GetAsync("/v1/experiments?sort=name");
        await wrong.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }
}
