using System.Net;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Api.Tests.Audit;

public sealed class AuditTests(RunningApi api) : IClassFixture<RunningApi>
{
    async Task<List<(string Action, string Object, string Outcome)>> Lines(string query) =>
        [.. (await api.Admin.GetJson($"/v1/audit?{query}"))!["items"]!.AsArray().Select(line => (line!["action"]!.GetValue<string>(), line["object"]!.GetValue<string>(), line["outcome"]!.GetValue<string>()))];

    [PostgresFact]
    public async Task Every_change_and_every_refusal_is_a_line_and_a_question_is_none()
    {
        using var eve = api.Client(await api.Key("eve", Persistence.Keys.ApiKeyRole.Submitter));
        var spec = SmallSpec.Unique();
        var detail = await eve.Submit(spec);
        var id = Answers.IdOf(detail);
        await eve.Submit(spec);
        var job = detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
        using (await eve.PostAsync($"/v1/jobs/{job}/cancel", null)) { }
        using (await eve.PostAsync($"/v1/experiments/{id}/cancel", null)) { }
        using (await eve.PostAsync($"/v1/experiments/{Guid.Empty}/cancel", null)) { }
        using (await eve.PostAsync("/v1/plan", Answers.Json(spec))) { }
        using (await eve.GetAsync("/v1/experiments")) { }
        using (await eve.PostAsync("/v1/keys", Answers.Json("{}"))) { }
        (await Lines("owner=eve")).ShouldBe(
        [
            ("createKey", "/v1/keys", "refused: 403"),
            ("cancelExperiment", $"/v1/experiments/{Guid.Empty}/cancel", "refused: 404"),
            ("cancelExperiment", $"/v1/experiments/{id}/cancel", "nothing to change"),
            ("cancelJob", $"job:{job}", "cancelled"),
            ("submitExperiment", "/v1/experiments", "nothing to change"),
            ("submitExperiment", $"experiment:{id}", "created"),
        ]);
        (await Lines($"object=job:{job}")).Count.ShouldBe(1);
        (await Lines("owner=eve&action=submitExperiment")).Count.ShouldBe(2);
    }

    [PostgresFact]
    public async Task A_line_is_written_by_the_transaction_that_makes_the_change()
    {
        // Where the line cannot be written, nothing is changed.
        var before = await api.Database.Scalar<long>("SELECT count(*) FROM experiment");
        await api.Database.Execute("ALTER TABLE audit ADD CONSTRAINT broken CHECK (outcome <> 'created') NOT VALID");
        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(SmallSpec.Unique()))) response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        await api.Database.Execute("ALTER TABLE audit DROP CONSTRAINT broken");
        (await api.Database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(before);
    }

    [PostgresFact]
    public async Task The_audit_comes_in_pages_and_is_an_admins()
    {
        using var pam = api.Client(await api.Key("pam", Persistence.Keys.ApiKeyRole.Submitter));
        for (var i = 0; i < 5; i++) await pam.SubmitSample();
        var seen = new List<long>();
        string? next = "/v1/audit?owner=pam&limit=2";
        while (next is not null)
        {
            var page = (await api.Admin.GetJson(next))!;
            seen.AddRange(page["items"]!.AsArray().Select(line => line!["id"]!.GetValue<long>()));
            next = page["next"] is { } cursor ? $"/v1/audit?owner=pam&limit=2&cursor={cursor}" : null;
        }
        seen.Count.ShouldBe(5);
        seen.ShouldBe(seen.OrderDescending());
        (await Lines("owner=pam&after=2100-01-01T00:00:00Z")).ShouldBeEmpty();
        using var refused = await pam.GetAsync("/v1/audit");
        await refused.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
        using var wrong = await api.Admin.GetAsync("/v1/audit?after=yesterday");
        (await wrong.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("after is 'yesterday'");
    }

    [PostgresFact]
    public async Task Lines_are_never_changed_and_only_old_ones_deleted()
    {
        await api.Ada.SubmitSample();
        foreach (var sql in new[] { "UPDATE audit SET owner = 'nobody'", "DELETE FROM audit", "TRUNCATE audit" })
            (await Should.ThrowAsync<PostgresException>(() => api.Database.Execute(sql))).ConstraintName.ShouldBe("audit_append_only");
        await api.Database.Execute("INSERT INTO audit (at, owner, action, object, outcome) VALUES (clock_timestamp() - interval '91 days', 'old', 'x', 'x', 'x'); DELETE FROM audit WHERE owner = 'old'");
    }
}
