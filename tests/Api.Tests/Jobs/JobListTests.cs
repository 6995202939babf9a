using System.Net;
using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Jobs;

public sealed class JobListTests(RunningApi api) : IClassFixture<RunningApi>
{
    static async Task<List<Guid>> All(HttpClient client, string query)
    {
        var seen = new List<Guid>();
        string? next = $"/v1/jobs?{query}";
        while (next is not null)
        {
            using var response = await client.GetAsync(next);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, next);
            var page = (await response.Body())!;
            seen.AddRange(page["items"]!.AsArray().Select(job => job!["id"]!.GetValue<Guid>()));
            next = page["next"] is null ? null : response.Headers.GetValues("Link").Single().Split('<', '>')[1];
        }
        return seen;
    }

    [PostgresFact]
    public async Task Every_order_pages_through_every_job_once()
    {
        using var eve = api.Client(await api.Key("eve", Persistence.Keys.ApiKeyRole.Submitter));
        var ids = new List<Guid>();
        for (var i = 0; i < 2; i++) ids.AddRange((await eve.Submit(Samples.SmallSpec.Unique()))["jobs"]!.AsArray().Select(job => job!["job"]!["id"]!.GetValue<Guid>()));
        (await All(eve, "limit=3&sort=created")).ShouldBe(ids, ignoreOrder: true);
        (await All(eve, "limit=3")).ShouldBe(Enumerable.Reverse(await All(eve, "sort=created")));
        await api.Database.Execute("UPDATE job SET priority = CASE WHEN name LIKE '%student%' THEN 5 ELSE 0 END WHERE owner = 'eve'");
        var ready = await All(eve, "limit=1&sort=queue");
        ready.ShouldBe(await All(eve, "sort=queue"));
        ready.Count.ShouldBe((await All(eve, "state=queued")).Count);
        await new StandInWorker(api).FinishAll();
        var ended = await All(eve, "limit=4&sort=-finished");
        ended.ShouldBe(ids, ignoreOrder: true);
        ended.Count.ShouldBe(ids.Count);
        (await All(eve, "sort=queue")).ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Jobs_are_found_by_state_kind_name_experiment_worker_and_time()
    {
        using var eve = api.Client(await api.Key("finder", Persistence.Keys.ApiKeyRole.Submitter));
        var experiment = await eve.SubmitSample();
        await eve.SubmitSample();
        (await All(eve, $"experiment={experiment}")).Count.ShouldBe(7);
        (await All(eve, $"experiment={experiment}&kind=train")).Count.ShouldBe(2);
        (await All(eve, $"experiment={experiment}&kind=train&contains=STUDENT")).Count.ShouldBe(1);
        (await All(eve, "contains=%25")).ShouldBeEmpty("a per cent sign is a character like others");
        (await All(eve, "state=running")).ShouldBeEmpty();
        (await All(eve, "worker=nobody")).ShouldBeEmpty();
        (await All(eve, "createdAfter=2100-01-01T00:00:00Z")).ShouldBeEmpty();
        (await All(eve, "createdBefore=2100-01-01T00:00:00Z&device=cpu")).Count.ShouldBe(14);
        (await All(api.Bob, $"experiment={experiment}")).ShouldBeEmpty("it is another owner's");
        (await All(api.Admin, "owner=finder")).Count.ShouldBe(14);
        using var others = await api.Bob.GetAsync("/v1/jobs?owner=finder");
        await others.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
    }

    [PostgresTheory]
    [InlineData("state=done", "state is 'done'; expected one of blocked, queued, running, paused, succeeded, failed, cancelled")]
    [InlineData("sort=name", "sort is 'name'; expected")]
    [InlineData("limit=501", "limit is 501; expected 1 to 500")]
    [InlineData("cursor=x", "cursor is 'x'")]
    [InlineData("cursor=5&sort=-finished", "under the same sort")]
    [InlineData("cursor=-9223372036854775808_5&sort=queue", "cursor is")]
    [InlineData("createdAfter=soon", "createdAfter is 'soon'")]
    [InlineData("experiment=7", "experiment")]
    [InlineData("limit=many", "limit")]
    [InlineData("kind=%00", "kind has 1 characters, some of them control characters")]
    public async Task A_wrong_question_is_told_what_was_expected(string query, string detail)
    {
        using var response = await api.Ada.GetAsync($"/v1/jobs?{query}");
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain(detail);
    }

    [PostgresFact]
    public async Task A_list_shows_progress_and_failures_and_never_what_was_computed()
    {
        using var eve = api.Client(await api.Key("shown", Persistence.Keys.ApiKeyRole.Submitter));
        var experiment = await eve.SubmitSample();
        while (await new StandInWorker(api).Claim() is var job)
        {
            if ((await api.Jobs.Find(job.Lease.JobId, "shown")) is null) continue;
            await api.Jobs.RecordProgress(job.Lease, new JobProgress("train", 1, 3, "epoch", null, null, null, null));
            (await eve.GetJson("/v1/jobs?state=running"))!["items"]![0]!["progress"]!["done"]!.GetValue<double>().ShouldBe(1);
            await api.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "train.bin is cut short", ""));
            break;
        }
        var failed = (await eve.GetJson($"/v1/jobs?experiment={experiment}&state=failed"))!["items"]!.AsArray().Single()!;
        failed["failure"]!.GetValue<string>().ShouldBe("train.bin is cut short");
        failed["progress"].ShouldBeNull();
        failed.AsObject().ContainsKey("result").ShouldBeFalse();
    }

    [PostgresFact]
    public async Task The_history_of_a_job_comes_in_pages()
    {
        var detail = await api.Ada.Submit(Samples.SmallSpec.Unique());
        var job = detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
        using (await api.Ada.PostAsync($"/v1/jobs/{job}/cancel", null)) { }
        var first = (await api.Ada.GetJson($"/v1/jobs/{job}/events?limit=1"))!;
        first["items"]![0]!["to"]!.GetValue<string>().ShouldBe("queued");
        var second = (await api.Ada.GetJson($"/v1/jobs/{job}/events?limit=5&cursor={first["next"]}"))!;
        second["items"]!.AsArray().Single()!["to"]!.GetValue<string>().ShouldBe("cancelled");
        using var others = await api.Bob.GetAsync($"/v1/jobs/{job}/events");
        await others.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }
}
