using System.Net;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Access;

public sealed class AccessTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly string Id = Guid.NewGuid().ToString();
    static readonly string Sha256 = new('0', 64);

    public static TheoryData<string, string> Everything => new()
    {
        { "POST", "/v1/experiments" }, { "GET", "/v1/experiments" }, { "GET", $"/v1/experiments/{Id}" }, { "POST", $"/v1/experiments/{Id}/cancel" },
        { "GET", $"/v1/experiments/{Id}/report.html" }, { "GET", $"/v1/jobs/{Id}" }, { "POST", $"/v1/jobs/{Id}/cancel" }, { "GET", $"/v1/jobs/{Id}/metrics" },
        { "GET", $"/v1/events?topics=job:{Id}" }, { "GET", $"/v1/checkpoints/{Id}/content" }, { "GET", "/v1/workers" },
        { "POST", "/v1/models?name=x" }, { "GET", "/v1/models" }, { "GET", $"/v1/models/{Sha256}" }, { "GET", $"/v1/models/{Sha256}/content" }, { "DELETE", $"/v1/models/{Sha256}" },
        { "GET", "/v1/jobs" }, { "GET", $"/v1/jobs/{Id}/events" }, { "POST", "/v1/plan" }, { "GET", "/v1/queues" }, { "GET", "/v1/datasets" },
        { "GET", "/v1/keys" }, { "POST", "/v1/keys" }, { "GET", "/v1/keys/current" }, { "POST", $"/v1/keys/{Id}/rotate" }, { "POST", $"/v1/keys/{Id}/revoke" }, { "GET", "/v1/audit" },
    };

    public static TheoryData<string, string> Writes => new()
    {
        { "POST", "/v1/experiments" }, { "POST", $"/v1/experiments/{Id}/cancel" }, { "POST", $"/v1/jobs/{Id}/cancel" },
        { "POST", "/v1/models?name=x" }, { "DELETE", $"/v1/models/{Sha256}" },
    };

    static HttpRequestMessage Request(string method, string address) =>
        new(new HttpMethod(method), address) { Content = method == "POST" ? Answers.Json(SmallSpec.Text) : null };

    [PostgresTheory]
    [MemberData(nameof(Everything))]
    public async Task Nothing_is_answered_without_a_key(string method, string address)
    {
        using var response = await api.Anonymous.SendAsync(Request(method, address));
        await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "key-missing");
        response.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Bearer");
    }

    [PostgresTheory]
    [MemberData(nameof(Everything))]
    public async Task A_wrong_key_is_no_key(string method, string address)
    {
        using var client = api.Client("kdr_" + new string('A', 43));
        using var response = await client.SendAsync(Request(method, address));
        (await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "key-missing"))["detail"]!.GetValue<string>().ShouldContain("unknown or revoked");
    }

    [PostgresTheory]
    [MemberData(nameof(Writes))]
    public async Task A_reader_may_not_write(string method, string address)
    {
        using var response = await api.AdaReads.SendAsync(Request(method, address));
        (await response.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small"))["detail"]!.GetValue<string>().ShouldContain("reader");
        (await api.Database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(0);
    }

    [PostgresTheory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs/index.html")]
    [InlineData("/problems/spec-invalid")]
    public async Task Health_and_description_need_no_key(string address)
    {
        using var response = await api.Anonymous.GetAsync(address);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [PostgresFact]
    public async Task A_key_may_come_in_a_header_of_its_own()
    {
        using var client = api.Client(null);
        client.DefaultRequestHeaders.Add("X-API-Key", await api.Key("ada", Persistence.Keys.ApiKeyRole.Reader));
        using var response = await client.GetAsync("/v1/experiments");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [PostgresFact]
    public async Task Keys_are_stored_hashed_and_the_first_one_is_readable_by_its_owner_alone()
    {
        var key = (await File.ReadAllTextAsync(api.KeyFile)).Trim();
        File.GetUnixFileMode(api.KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await api.Database.Scalar<long>($"SELECT count(*) FROM api_key WHERE strpos(api_key::text, '{key}') > 0 OR strpos(encode(hash, 'escape'), '{key}') > 0")).ShouldBe(0);
        (await api.Database.Scalar<long>("SELECT count(*) FROM api_key WHERE octet_length(hash) = 32")).ShouldBeGreaterThan(0);
    }
}
