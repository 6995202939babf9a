using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Events;

/// <summary>A stream that ends with its key: one that was revoked or has expired hears nothing more, at the latest with the next sign of life.</summary>
static class KeyedStream
{
    /// <summary>The messages as long as the key opens.</summary>
    /// <param name="messages">What is told; a sign of life comes at least every <paramref name="every"/>.</param>
    /// <param name="keys">Where keys are.</param>
    /// <param name="key">The key's id.</param>
    /// <param name="every">How long a look at it counts.</param>
    /// <param name="log">Where bad weather is written, which ends the stream too: the client comes back.</param>
    /// <param name="ct">The client left.</param>
    public static async IAsyncEnumerable<SseItem<string>> WhileItOpens(
        this IAsyncEnumerable<SseItem<string>> messages, ApiKeyStore keys, Guid key, TimeSpan every, ILogger log, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var looked = Stopwatch.GetTimestamp();
        await foreach (var message in messages.WithCancellation(ct))
        {
            if (Stopwatch.GetElapsedTime(looked) >= every)
            {
                if (!await Opens(keys, key, log, ct)) yield break;
                looked = Stopwatch.GetTimestamp();
            }
            yield return message;
        }
    }

    static async Task<bool> Opens(ApiKeyStore keys, Guid key, ILogger log, CancellationToken ct)
    {
        try
        {
            return await keys.StillOpens(key, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            ApiLog.StreamEnded(log, error.Message);
            return false;
        }
    }
}
