using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Jobs;

public sealed class JobActionTests(RunningApi api) : IClassFixture<RunningApi>
{
    static async Task<JsonNode> Done(HttpClient client, string address)
    {
        using var response = await client.PostAsync(address, null);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, $"{address}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Body())!;
    }

    static async Task<JsonNode> Refused(HttpClient client, string address, HttpStatusCode status, string slug)
    {
        using var response = await client.PostAsync(address, null);
        return await response.ShouldBeProblem(status, slug);
    }

    async Task<(Guid Experiment, Guid Job)> Submitted()
    {
        var detail = await api.Ada.Submit(SmallSpec.Unique());
        return (Answers.IdOf(detail), detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>());
    }

    async Task<string> State(Guid job) => (await api.Ada.GetJson($"/v1/jobs/{job}"))!["job"]!["state"]!.GetValue<string>();

    [PostgresFact]
    public async Task A_job_is_paused_resumed_reordered_cancelled_and_retried()
    {
        var (_, job) = await Submitted();
        (await Done(api.Ada, $"/v1/jobs/{job}/pause"))["outcome"]!.GetValue<string>().ShouldBe("done");
        (await State(job)).ShouldBe("paused");
        (await Refused(api.Ada, $"/v1/jobs/{job}/pause", HttpStatusCode.Conflict, "not-in-this-state"))["detail"]!.GetValue<string>().ShouldContain("paused already");
        (await Done(api.Ada, $"/v1/jobs/{job}/resume"))["state"]!.GetValue<string>().ShouldBe("queued");
        await Done(api.Ada, $"/v1/jobs/{job}/priority?priority=7");
        (await api.Ada.GetJson($"/v1/jobs/{job}"))!["job"]!["priority"]!.GetValue<int>().ShouldBe(7);
        await Done(api.Ada, $"/v1/jobs/{job}/cancel");
        (await Done(api.Ada, $"/v1/jobs/{job}/retry?from=scratch"))["takenBack"]!.AsArray().ShouldNotBeEmpty();
        (await State(job)).ShouldBe("queued");
        await Refused(api.Ada, $"/v1/jobs/{job}/retry", HttpStatusCode.Conflict, "not-in-this-state");
        await Refused(api.Ada, $"/v1/jobs/{job}/retry?from=yesterday", HttpStatusCode.BadRequest, "bad-request");
        (await Refused(api.Ada, $"/v1/jobs/{job}/priority?priority=101", HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("expected -100 to 100");
        await Refused(api.Bob, $"/v1/jobs/{job}/pause", HttpStatusCode.NotFound, "not-found");
        (await api.Admin.GetJson($"/v1/audit?object=job:{job}"))!["items"]!.AsArray().Select(line => line!["action"]!.GetValue<string>()).ShouldBe(["retryJob", "cancelJob", "priorityJob", "resumeJob", "pauseJob"]);
    }

    [PostgresFact]
    public async Task A_shared_job_needs_a_confirmation_that_names_the_others()
    {
        var spec = SmallSpec.Unique();
        var job = (await api.Ada.Submit(spec))["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
        var other = JsonNode.Parse(spec)!;
        other["name"] = "other";
        await api.Ada.Submit(other.ToJsonString());
        (await Refused(api.Ada, $"/v1/jobs/{job}/pause", HttpStatusCode.Conflict, "job-shared"))["experiments"]!.AsArray().Count.ShouldBe(2);
        await Done(api.Ada, $"/v1/jobs/{job}/pause?evenIfShared=true");
    }

    [PostgresFact]
    public async Task An_experiment_is_asked_job_by_job()
    {
        var (experiment, job) = await Submitted();
        (await Done(api.Ada, $"/v1/experiments/{experiment}/pause"))["changed"]!.GetValue<int>().ShouldBe(7);
        (await State(job)).ShouldBe("paused");
        (await Done(api.Ada, $"/v1/experiments/{experiment}/resume"))["jobs"]!.AsArray().Count.ShouldBe(7);
        await Refused(api.Ada, $"/v1/experiments/{experiment}/resume", HttpStatusCode.Conflict, "not-in-this-state");
        using (await api.Ada.PostAsync($"/v1/experiments/{experiment}/cancel", null)) { }
        await Done(api.Ada, $"/v1/experiments/{experiment}/retry");
        (await api.Ada.GetJson($"/v1/experiments/{experiment}"))!["experiment"]!["state"]!.GetValue<string>().ShouldBe("queued");
        await Refused(api.Bob, $"/v1/experiments/{experiment}/pause", HttpStatusCode.NotFound, "not-found");
    }

    [PostgresFact]
    public async Task All_that_match_are_changed_when_they_are_as_many_as_expected()
    {
        var (experiment, _) = await Submitted();
        var filter = $"experiment={experiment}";
        (await Refused(api.Ada, $"/v1/jobs/pause?{filter}&expect=6", HttpStatusCode.Conflict, "count-changed"))["count"]!.GetValue<int>().ShouldBe(7);
        (await Refused(api.Ada, $"/v1/jobs/pause?{filter}", HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("expect is missing");
        (await Done(api.Ada, $"/v1/jobs/pause?{filter}&expect=7"))["changed"]!.GetValue<int>().ShouldBe(7);
        (await Done(api.Ada, $"/v1/jobs/resume?{filter}&expect=7"))["changed"]!.GetValue<int>().ShouldBe(7);
        (await Done(api.Ada, $"/v1/jobs/priority?{filter}&priority=3&expect=7"))["matched"]!.GetValue<int>().ShouldBe(7);
        (await Done(api.Bob, $"/v1/jobs/cancel?{filter}&expect=0"))["matched"]!.GetValue<int>().ShouldBe(0, "they are another owner's");
        await Done(api.Ada, $"/v1/jobs/cancel?{filter}&expect=7");
        var again = await Done(api.Ada, $"/v1/jobs/cancel?{filter}&expect=7");
        (again["changed"]!.GetValue<int>(), again["skipped"]!.AsArray().Count).ShouldBe((0, 7));
        again["skipped"]![0]!["why"]!.GetValue<string>().ShouldContain("ended already");
        await Done(api.Ada, $"/v1/jobs/retry?{filter}&expect=7");
        (await Done(api.Ada, "/v1/experiments/cancel?name=none&expect=0"))["matched"]!.GetValue<int>().ShouldBe(0);
    }

    [PostgresFact]
    public async Task A_worker_is_drained_and_undrained_and_a_device_leaves_quarantine_by_an_admin()
    {
        var (workers, devices) = (new WorkerStore(api.Database.DataSource), new DeviceStore(api.Database.DataSource));
        await workers.Register(new("worker 7", "host", 4711, "cuda", 2, "0.1.0", null));
        await workers.Seen("worker 7", new(null, 2, 0, [new DeviceReading("cuda:0", "H100", 80_000, 0, 0)]));
        for (var i = 0; i < DeviceStore.MostErrors; i++) await devices.RecordError(new DeviceName("host", "cuda:0"), "an illegal memory access");
        async Task<JsonNode> Worker() => (await api.AdaReads.GetJson("/v1/workers"))!.AsArray().First(worker => worker!["info"]!["name"]!.GetValue<string>() == "worker 7")!;
        (await Worker())["quarantined"]!["cuda:0"]!.GetValue<string>().ShouldContain("illegal memory access");
        await Refused(api.Ada, "/v1/workers/worker%207/drain", HttpStatusCode.Forbidden, "role-too-small");
        foreach (var verb in new[] { "drain", "undrain", "lift-quarantine?device=cuda:0" })
        {
            using var done = await api.Admin.PostAsync($"/v1/workers/worker%207/{verb}", null);
            done.StatusCode.ShouldBe(HttpStatusCode.NoContent, verb);
            if (verb == "drain") (await Worker())["drainRequestedBy"]!.GetValue<string>().ShouldBe("admin");
        }
        (await Worker())["drainRequestedAt"].ShouldBeNull();
        (await Worker())["quarantined"]!.AsObject().ShouldBeEmpty();
        await Refused(api.Admin, "/v1/workers/worker%207/lift-quarantine?device=cuda:0", HttpStatusCode.Conflict, "not-in-this-state");
        await Refused(api.Admin, "/v1/workers/nobody/drain", HttpStatusCode.NotFound, "not-found");
    }

    [PostgresFact]
    public async Task A_quota_is_shown_to_whom_it_concerns()
    {
        async Task<List<string?>> Quotas(HttpClient client) => [.. (await client.GetJson("/v1/queues"))!["quotas"]!.AsArray().Select(quota => quota!["owner"]?.GetValue<string>())];
        using (var set = await api.Admin.PostAsync("/v1/quotas", Answers.Json("""{"owner": "ada", "device": "cpu", "mostRunning": 2}"""))) set.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using (var all = await api.Admin.PostAsync("/v1/quotas", Answers.Json("""{"owner": null, "device": "cuda", "mostRunning": 9}"""))) all.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Quotas(api.Ada)).ShouldBe([null, "ada"], ignoreOrder: true);
        (await Quotas(api.Bob)).ShouldBe([null]);
        using (var wrong = await api.Admin.PostAsync("/v1/quotas", Answers.Json("""{"owner": "ada", "device": "cpu", "mostRunning": -1}"""))) await wrong.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
        foreach (var query in new[] { "device=cpu&owner=ada", "device=cuda" })
            using (var removed = await api.Admin.DeleteAsync($"/v1/quotas?{query}")) removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var gone = await api.Admin.DeleteAsync("/v1/quotas?device=cuda");
        await gone.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }
}
