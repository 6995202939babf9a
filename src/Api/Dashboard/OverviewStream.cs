using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Dashboard;

/// <summary>The overview as it changes, for <c>topics=overview</c>: the whole each time, so that nothing is lost by a broken connection.</summary>
static class OverviewStream
{
    /// <summary>The topic's name.</summary>
    public const string Topic = "overview";

    static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    /// <summary>Messages until the client leaves or this service stops.</summary>
    public static async IAsyncEnumerable<SseItem<string>> Messages(
        string? owner, OverviewSource source, ChangeFeed feed, TimeSpan keepAlive, ILogger log, CancellationToken stopping, [EnumeratorCancellation] CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
        var changes = feed.Listen(null, either.Token).GetAsyncEnumerator(either.Token);
        var next = changes.MoveNextAsync().AsTask();
        var told = "";
        try
        {
            while (true)
            {
                var heard = await Task.WhenAny(next, Task.Delay(keepAlive, either.Token)) == next;
                if (either.IsCancellationRequested) yield break;
                if (heard) next = changes.MoveNextAsync().AsTask();
                var (text, facts) = heard ? await Read(owner, source, log, either.Token) : ("{}", told);
                if (text is null) yield break; // The client comes back, and reads the whole again.
                // Only clocks moved: a ping says as much with less.
                yield return facts == told ? new SseItem<string>("{}", "ping") { ReconnectionInterval = Retry } : new SseItem<string>(text, "overview") { ReconnectionInterval = Retry };
                told = facts;
            }
        }
        finally
        {
            await either.CancelThroughWeatherAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await changes.DisposeAsync();
        }
    }

    static async Task<(string? Text, string Facts)> Read(string? owner, OverviewSource source, ILogger log, CancellationToken ct)
    {
        try
        {
            var document = await source.Read(owner, ct);
            return (JsonSerializer.Serialize(document, SpecJson.Options), JsonSerializer.Serialize(document with { Jobs = document.Jobs with { At = default } }, SpecJson.Options));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return (null, "");
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            ApiLog.StreamEnded(log, error.Message);
            return (null, "");
        }
    }
}
