using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Persistence.Keys;

namespace KdRobust.Api.Access;

/// <summary>
/// Whose the keys are that opened lately. Nobody is let in by that alone: a request that need not ask for its key first
/// (<see cref="ChecksItsKey"/>) has its own statements find out whether it still opens.
/// </summary>
sealed class KnownKeys(ApiKeyStore keys, TimeProvider time)
{
    // Often enough to write down when a key was last used.
    static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    const int Most = 10_000;

    readonly ConcurrentDictionary<string, (ApiKeyView View, long Asked)> known = new(StringComparer.Ordinal);

    /// <summary>Who a key speaks for; null when it is unknown, revoked or has expired.</summary>
    /// <param name="key">The key.</param>
    /// <param name="checkedLater">True where what is done under it finds out whether it still opens: then an answer of the last minute will do.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask<ApiKeyView?> Find(string key, bool checkedLater, CancellationToken ct)
    {
        if (!ApiKeyStore.LooksLikeKey(key)) return null;
        var name = Name(key);
        if (checkedLater && known.TryGetValue(name, out var lately) && time.GetElapsedTime(lately.Asked) < Remembered) return lately.View;
        var asked = time.GetTimestamp();
        if (await keys.Find(key, ct) is not { } found)
        {
            known.TryRemove(name, out _);
            return null;
        }
        if (known.Count >= Most) known.Clear();
        known[name] = (found, asked);
        return found;
    }

    /// <summary>It turned out not to open any more.</summary>
    public void Forget(string key) => known.TryRemove(Name(key), out _);

    static string Name(string key) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>Of an endpoint whose own statements find out whether the caller's key still opens, and throw <see cref="KeyEndedException"/> if not.</summary>
sealed class ChecksItsKey;
