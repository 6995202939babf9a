using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Events;

public sealed class KeyedStreamTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresTheory]
    [InlineData("overview", "UPDATE api_key SET revoked_at = clock_timestamp()")]
    [InlineData("experiment", "UPDATE api_key SET revoked_at = clock_timestamp()")]
    [InlineData("experiment", "UPDATE api_key SET expires_at = clock_timestamp()")]
    public async Task A_stream_that_is_open_when_its_key_ends_ends_with_it(string topic, string end)
    {
        var (key, view) = await new ApiKeyStore(api.Database.DataSource).Create("eve", ApiKeyRole.Submitter, "x", null);
        using var eve = api.Client(key);
        var topics = topic == "overview" ? topic : $"experiment:{await eve.SubmitSample()}";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events?topics={topics}");
        using var response = await eve.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        using var told = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        (await told.ReadLineAsync(limit.Token)).ShouldNotBeNull();
        await api.Database.Execute($"{end} WHERE id = '{view.Id}'");
        // To its end: a stream that went on would be told signs of life until the patience is over.
        while (await told.ReadLineAsync(limit.Token) is not null)
        {
        }
    }
}
