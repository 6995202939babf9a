using System.Net;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Requests;

public sealed class IdempotencyTests(RunningApi api) : IClassFixture<RunningApi>
{
    static async Task<HttpResponseMessage> Post(HttpClient client, string address, string? body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body is null ? null : Answers.Json(body) };
        request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request);
    }

    static string NewKey() => Guid.NewGuid().ToString();

    Task<long> Experiments() => api.Database.Scalar<long>("SELECT count(*) FROM experiment");

    [PostgresFact]
    public async Task The_same_request_twice_has_one_effect_and_one_answer()
    {
        var (spec, key) = (SmallSpec.Unique(), NewKey());
        using var first = await Post(api.Ada, "/v1/experiments?again=true", spec, key);
        first.StatusCode.ShouldBe(HttpStatusCode.Created);
        first.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        var before = await Experiments();
        using var second = await Post(api.Ada, "/v1/experiments?again=true", spec, key);
        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        second.Headers.GetValues("Idempotency-Replayed").Single().ShouldBe("true");
        second.Headers.Location.ShouldBe(first.Headers.Location);
        (await second.Content.ReadAsStringAsync()).ShouldBe(await first.Content.ReadAsStringAsync());
        (await Experiments()).ShouldBe(before);
        using var another = await Post(api.Ada, "/v1/experiments?again=true", spec, NewKey());
        Answers.IdOf((await another.Body())!).ShouldNotBe(Answers.IdOf((await first.Body())!), "again computes anew under another key");
    }

    [PostgresFact]
    public async Task The_same_key_with_another_body_or_address_is_422_and_does_nothing()
    {
        var key = NewKey();
        using (await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key)) { }
        var before = await Experiments();
        using (var other = await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key))
            (await other.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"))["detail"]!.GetValue<string>().ShouldContain("another body");
        using (var other = await Post(api.Ada, $"/v1/experiments/{Guid.NewGuid()}/cancel", null, key))
            (await other.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"))["detail"]!.GetValue<string>().ShouldContain("POST /v1/experiments");
        (await Experiments()).ShouldBe(before);
        using var bobs = await Post(api.Bob, "/v1/experiments", SmallSpec.Unique(), key);
        bobs.StatusCode.ShouldBe(HttpStatusCode.Created, "another owner's key is another key");
    }

    [PostgresFact]
    public async Task Many_at_once_have_one_effect_and_all_get_its_answer()
    {
        var (spec, key) = (SmallSpec.Unique(), NewKey());
        var before = await Experiments();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            using var answer = await Post(api.Ada, "/v1/experiments?again=true", spec, key);
            return (answer.StatusCode, Body: await answer.Content.ReadAsStringAsync());
        }));
        answers.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.Created);
        answers.Select(answer => answer.Body).Distinct().Count().ShouldBe(1);
        (await Experiments()).ShouldBe(before + 1);
    }

    [PostgresFact]
    public async Task What_was_refused_may_be_mended_and_sent_under_the_same_key()
    {
        var key = NewKey();
        using (var refused = await Post(api.Ada, "/v1/experiments", "{}", key)) await refused.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
        using var mended = await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key);
        mended.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [PostgresFact]
    public async Task An_upload_is_recognised_by_the_bytes_it_sends()
    {
        var key = NewKey();
        async Task<HttpResponseMessage> Upload(byte[] content)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models?name=x") { Content = new ByteArrayContent(content) };
            request.Content.Headers.ContentType = new("application/octet-stream");
            request.Headers.Add("Idempotency-Key", key);
            return await api.Ada.SendAsync(request);
        }
        var content = new byte[3_000_000];
        content[7] = 1;
        using (var first = await Upload(content)) first.StatusCode.ShouldBe(HttpStatusCode.Created);
        using (var second = await Upload(content)) second.StatusCode.ShouldBe(HttpStatusCode.Created);
        content[7] = 2;
        using var other = await Upload(content);
        await other.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
    }

    [PostgresFact]
    public async Task A_service_that_died_before_it_answered_does_nothing_twice_and_says_what_it_did()
    {
        var (spec, key) = (SmallSpec.Unique(), NewKey());
        using (await Post(api.Ada, "/v1/experiments?again=true", spec, key)) { }
        // What the transaction of the effect itself left behind, and no more.
        await api.Database.Execute($"UPDATE idempotency SET status = NULL, answer = NULL WHERE key = '{key}'");
        var before = await Experiments();
        using var again = await Post(api.Ada, "/v1/experiments?again=true", spec, key);
        (await again.ShouldBeProblem(HttpStatusCode.Conflict, "idempotency-answer-gone"))["effect"]!.GetValue<string>().ShouldStartWith("experiment:");
        (await Experiments()).ShouldBe(before);
    }

    [PostgresFact]
    public async Task A_key_is_forgotten_after_a_day()
    {
        var key = NewKey();
        using (await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key)) { }
        await api.Database.Execute($"UPDATE idempotency SET created_at = clock_timestamp() - interval '25 h' WHERE key = '{key}'");
        using (var other = await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key)) other.StatusCode.ShouldBe(HttpStatusCode.Created);
        await api.Database.Execute($"UPDATE idempotency SET created_at = clock_timestamp() - interval '25 h' WHERE key = '{key}'");
        using var store = new Persistence.Idempotency.IdempotencyStore(api.Database.DataSource);
        (await store.Forget()).ShouldBeGreaterThan(0);
        (await api.Database.Scalar<long>($"SELECT count(*) FROM idempotency WHERE key = '{key}'")).ShouldBe(0);
    }

    [PostgresTheory]
    [InlineData("with space")]
    [InlineData("LONG")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        using var response = await Post(api.Ada, "/v1/experiments", SmallSpec.Unique(), key.Replace("LONG", new string('k', 201), StringComparison.Ordinal));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("Idempotency-Key has");
    }

    [PostgresFact]
    public async Task A_secret_is_answered_once_and_kept_nowhere()
    {
        var key = NewKey();
        const string Body = """{"owner": "eve", "role": "reader", "label": "ci"}""";
        using var first = await Post(api.Admin, "/v1/keys", Body, key);
        first.StatusCode.ShouldBe(HttpStatusCode.Created);
        var secret = (await first.Body())!["key"]!.GetValue<string>();
        using var second = await Post(api.Admin, "/v1/keys", Body, key);
        (await second.ShouldBeProblem(HttpStatusCode.Conflict, "idempotency-answer-gone"))["effect"]!.GetValue<string>().ShouldStartWith("key:");
        (await api.Database.Scalar<long>("SELECT count(*) FROM api_key WHERE owner = 'eve'")).ShouldBe(1);
        (await api.Database.Scalar<long>($"SELECT count(*) FROM idempotency WHERE strpos(convert_from(coalesce(answer, ''), 'UTF8'), '{secret}') > 0")).ShouldBe(0);
    }
}
