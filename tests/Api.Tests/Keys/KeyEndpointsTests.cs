using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Keys;

public sealed class KeyEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    async Task<JsonNode> Made(string owner, string role = "submitter", int? days = null)
    {
        using var response = await api.Admin.PostAsync("/v1/keys", Answers.Json(new JsonObject { ["owner"] = owner, ["role"] = role, ["label"] = "laptop", ["expiresInDays"] = days }.ToJsonString()));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await response.Body())!;
    }

    static Guid IdOf(JsonNode made) => made["stored"]!["id"]!.GetValue<Guid>();

    HttpClient With(JsonNode made) => api.Client(made["key"]!.GetValue<string>());

    static async Task<HttpStatusCode> Status(HttpClient client, string address = "/v1/experiments")
    {
        using var response = await client.GetAsync(address);
        return response.StatusCode;
    }

    [PostgresFact]
    public async Task A_new_key_opens_what_its_role_says_and_knows_who_it_is()
    {
        using var eve = With(await Made("eve", "reader", 90));
        var current = (await eve.GetJson("/v1/keys/current"))!;
        current["owner"]!.GetValue<string>().ShouldBe("eve");
        current["role"]!.GetValue<string>().ShouldBe("reader");
        (current["expiresAt"]!.GetValue<DateTimeOffset>() - current["createdAt"]!.GetValue<DateTimeOffset>()).TotalDays.ShouldBe(90, 0.001);
        using var refused = await eve.PostAsync("/v1/experiments", Answers.Json(Samples.SmallSpec.Unique()));
        await refused.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
    }

    [PostgresFact]
    public async Task An_expired_and_a_revoked_key_open_nothing()
    {
        var (expired, revoked) = (await Made("eve", days: 1), await Made("eve"));
        using var first = With(expired);
        using var second = With(revoked);
        (await Status(first)).ShouldBe(HttpStatusCode.OK);
        await api.Database.Execute($"UPDATE api_key SET expires_at = clock_timestamp() - interval '1 s' WHERE id = '{IdOf(expired)}'");
        (await Status(first)).ShouldBe(HttpStatusCode.Unauthorized);
        using (var done = await api.Admin.PostAsync($"/v1/keys/{IdOf(revoked)}/revoke", null)) done.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Status(second)).ShouldBe(HttpStatusCode.Unauthorized);
        using var again = await api.Admin.PostAsync($"/v1/keys/{IdOf(revoked)}/revoke", null);
        await again.ShouldBeProblem(HttpStatusCode.Conflict, "key-spent");
        using var spent = await api.Admin.PostAsync($"/v1/keys/{IdOf(expired)}/rotate", null);
        await spent.ShouldBeProblem(HttpStatusCode.Conflict, "key-spent");
    }

    [PostgresTheory]
    [InlineData("revoked_at = clock_timestamp()", "show")]
    [InlineData("expires_at = clock_timestamp()", "show")]
    [InlineData("revoked_at = clock_timestamp()", "submit")]
    [InlineData("expires_at = clock_timestamp()", "submit")]
    [InlineData("revoked_at = clock_timestamp()", "submit what is there")]
    [InlineData("revoked_at = clock_timestamp()", "submit again")]
    [InlineData("revoked_at = clock_timestamp()", "have answered again")]
    public async Task A_key_that_opened_a_moment_ago_opens_nothing_once_it_has_ended_whoever_ended_it(string end, string ask)
    {
        var made = await Made("eve");
        using var eve = With(made);
        var (promise, spec) = (Guid.NewGuid().ToString(), Samples.SmallSpec.Unique());
        using var first = await Submit(spec, promise);
        first.StatusCode.ShouldBe(HttpStatusCode.Created);
        var job = (await first.Body())!["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
        // It is known to open from now on.
        using (var shown = await eve.GetAsync($"/v1/jobs/{job}")) shown.StatusCode.ShouldBe(HttpStatusCode.OK);
        var stored = await api.Database.Scalar<string>("SELECT md5(string_agg(id::text || sweep_only, '' ORDER BY id)) FROM experiment");
        // Not through this replica, which therefore has not heard of it.
        await api.Database.Execute($"UPDATE api_key SET {end} WHERE id = '{IdOf(made)}'");

        using var response = await (ask switch
        {
            "show" => eve.GetAsync($"/v1/jobs/{job}"),
            "submit" => Submit(Samples.SmallSpec.Unique()),
            "submit what is there" => Submit(spec),
            "submit again" => Submit(spec, again: true),
            _ => Submit(spec, promise),
        });
        (await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "key-missing"))["detail"]!.GetValue<string>().ShouldContain("unknown or revoked, or has expired");
        response.Headers.WwwAuthenticate.ToString().ShouldContain("Bearer");
        (await api.Database.Scalar<string>("SELECT md5(string_agg(id::text || sweep_only, '' ORDER BY id)) FROM experiment")).ShouldBe(stored);

        async Task<HttpResponseMessage> Submit(string text, string? promise = null, bool again = false)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, again ? "/v1/experiments?again=true" : "/v1/experiments") { Content = Answers.Json(text) };
            if (promise is not null) request.Headers.Add("Idempotency-Key", promise);
            return await eve.SendAsync(request);
        }
    }

    [PostgresFact]
    public async Task A_key_that_ends_while_submissions_wait_together_stops_its_own_and_nobody_elses()
    {
        var (made, other) = (await Made("eve"), await Made("eve"));
        using var ends = With(made);
        using var stays = With(other);
        await ends.SubmitSample();
        await stays.SubmitSample();
        await using (var held = await api.Database.DataSource.OpenConnectionAsync())
        await using (var transaction = await held.BeginTransactionAsync())
        {
            await using (var take = new Npgsql.NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('submit eve', 0))", held)) await take.ExecuteNonQueryAsync();
            var waiting = new[] { ends, stays, ends, stays }.Select(client => client.PostAsync("/v1/experiments", Answers.Json(Samples.SmallSpec.Unique()))).ToArray();
            const string Waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
            while (!await api.Database.Scalar<bool>(Waits)) await Task.Delay(20);
            await api.Database.Execute($"UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = '{IdOf(made)}'");
            await transaction.CommitAsync();
            var answers = await Task.WhenAll(waiting);
            answers.Select(answer => answer.StatusCode).ShouldBe([HttpStatusCode.Unauthorized, HttpStatusCode.Created, HttpStatusCode.Unauthorized, HttpStatusCode.Created]);
            foreach (var answer in answers) answer.Dispose();
        }
    }

    [PostgresFact]
    public async Task After_a_rotation_both_keys_open_until_the_grace_period_ends()
    {
        var old = await Made("eve", days: 30);
        using var before = With(old);
        using var response = await before.PostAsync($"/v1/keys/{IdOf(old)}/rotate?graceHours=1", null);
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var made = (await response.Body())!;
        made["stored"]!["replaces"]!.GetValue<Guid>().ShouldBe(IdOf(old));
        made["stored"]!["role"]!.GetValue<string>().ShouldBe("submitter");
        using var after = With(made);
        (await Status(before)).ShouldBe(HttpStatusCode.OK);
        (await Status(after)).ShouldBe(HttpStatusCode.OK);
        (await api.Database.Scalar<bool>($"SELECT expires_at BETWEEN clock_timestamp() + interval '59 min' AND clock_timestamp() + interval '1 h' FROM api_key WHERE id = '{IdOf(old)}'")).ShouldBeTrue();
        using (var twice = await before.PostAsync($"/v1/keys/{IdOf(old)}/rotate", null)) await twice.ShouldBeProblem(HttpStatusCode.Conflict, "key-spent");
        await api.Database.Execute($"UPDATE api_key SET expires_at = clock_timestamp() WHERE id = '{IdOf(old)}'");
        (await Status(before)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Status(after)).ShouldBe(HttpStatusCode.OK);
    }

    [PostgresFact]
    public async Task Keys_are_listed_to_their_owner_and_all_to_an_admin_and_never_told_again()
    {
        for (var i = 0; i < 3; i++) await Made("lister", "reader");
        using var lister = With(await Made("lister", "reader"));
        var seen = new List<Guid>();
        string? next = "/v1/keys?limit=2";
        while (next is not null)
        {
            var page = (await lister.GetJson(next))!;
            page.ToJsonString().ShouldNotContain("kdr_");
            seen.AddRange(page["items"]!.AsArray().Select(key => key!["id"]!.GetValue<Guid>()));
            next = page["next"] is { } cursor ? $"/v1/keys?limit=2&cursor={cursor}" : null;
        }
        seen.Distinct().Count().ShouldBe(4);
        seen.ShouldBe(seen.OrderByDescending(id => id.ToString(), StringComparer.Ordinal));
        (await api.Admin.GetJson("/v1/keys?owner=lister"))!["items"]!.AsArray().Count.ShouldBe(4);
        (await lister.GetJson("/v1/keys"))!["items"]![0]!["lastUsedAt"].ShouldNotBeNull();
        using var others = await lister.GetAsync("/v1/keys?owner=ada");
        await others.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
    }

    [PostgresFact]
    public async Task Another_owners_key_is_not_there_and_a_submitter_makes_and_ends_none()
    {
        var eves = IdOf(await Made("eve"));
        using (var rotate = await api.Bob.PostAsync($"/v1/keys/{eves}/rotate", null)) await rotate.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        using (var revoke = await api.Bob.PostAsync($"/v1/keys/{eves}/revoke", null)) await revoke.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
        using var make = await api.Bob.PostAsync("/v1/keys", Answers.Json("""{"owner": "bob", "role": "admin", "label": "x"}"""));
        await make.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
    }

    [PostgresTheory]
    [InlineData("""{"owner": "", "role": "reader", "label": "x"}""", "owner has 0 characters")]
    [InlineData("""{"owner": "eve", "role": "reader", "label": "a\nb"}""", "label has 3 characters")]
    [InlineData("""{"owner": "eve", "role": "reader", "label": "x", "expiresInDays": 0}""", "expiresInDays is 0; expected 1 to 3650")]
    [InlineData("""{"owner": "eve", "role": "owner", "label": "x"}""", "role")]
    [InlineData("""{"owner": "eve", "role": "reader"}""", "label")]
    public async Task A_wrong_key_is_refused_with_the_field(string body, string detail)
    {
        using var response = await api.Admin.PostAsync("/v1/keys", Answers.Json(body));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain(detail);
    }
}
