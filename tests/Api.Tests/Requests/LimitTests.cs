using System.Net;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Api.Tests.Requests;

/// <summary>A service that has little patience.</summary>
public sealed class ThriftyApi : RunningApi
{
    private protected override ApiOptions Options() =>
        base.Options() with { Rate = 1, Burst = 20, LongestRequest = TimeSpan.FromMilliseconds(400), IdempotencyPatience = TimeSpan.FromMilliseconds(200) };
}

public sealed class LimitTests(ThriftyApi api) : IClassFixture<ThriftyApi>
{
    [PostgresFact]
    public async Task A_key_that_asks_too_often_is_429_with_the_time_to_wait_and_others_are_not()
    {
        using var busy = api.Client(await api.Key("ada", Persistence.Keys.ApiKeyRole.Reader));
        HttpResponseMessage answer;
        var served = 0;
        while ((answer = await busy.GetAsync("/v1/datasets")).StatusCode == HttpStatusCode.OK)
        {
            answer.Dispose();
            (++served).ShouldBeLessThan(1000);
        }
        using (answer)
        {
            served.ShouldBeGreaterThanOrEqualTo(20);
            (await answer.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-requests"))["detail"]!.GetValue<string>().ShouldContain("after 20 at once");
            answer.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        }
        using var other = await api.Bob.GetAsync("/v1/datasets");
        other.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var health = await api.Anonymous.GetAsync("/healthz");
        health.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [PostgresFact]
    public async Task A_request_that_takes_too_long_is_504_and_says_so()
    {
        await using var connection = await api.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE experiment IN ACCESS EXCLUSIVE MODE", connection)) await hold.ExecuteNonQueryAsync();
        using var answer = await api.Ada.GetAsync("/v1/experiments");
        (await answer.ShouldBeProblem(HttpStatusCode.GatewayTimeout, "took-too-long"))["detail"]!.GetValue<string>().ShouldContain("0.4 s");
    }

    [PostgresFact]
    public async Task A_request_whose_twin_is_still_at_work_is_409_and_says_when_to_come_back()
    {
        using var store = new Persistence.Idempotency.IdempotencyStore(api.Database.DataSource);
        await using (await store.Hold("ada", "twin", TimeSpan.FromSeconds(5)))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/experiments") { Content = Answers.Json(Samples.SmallSpec.Unique()) };
            request.Headers.Add("Idempotency-Key", "twin");
            using var answer = await api.Ada.SendAsync(request);
            await answer.ShouldBeProblem(HttpStatusCode.Conflict, "idempotency-in-progress");
            answer.Headers.RetryAfter.ShouldNotBeNull();
        }
        (await store.Hold("ada", "twin", TimeSpan.FromSeconds(5))).ShouldNotBeNull("the turn is free again");
    }
}
