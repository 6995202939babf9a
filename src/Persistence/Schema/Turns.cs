using System.Runtime.CompilerServices;
using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>
/// How many brief questions of a pool are under way at once. A server that shares few cores among many connections answers all of
/// them late, and some of them very late: taking turns, the slowest hundredth of what sixteen callers ask comes in a third of the time
/// (<c>bench service --only get</c>).
/// </summary>
sealed class Turns
{
    static readonly ConditionalWeakTable<NpgsqlDataSource, Turns> Of = [];

    /// <summary>So many.</summary>
    internal static readonly int AtOnce = Math.Max(4, 2 * Environment.ProcessorCount);

    // A question that turns out long, or a server far away, holds nobody up for longer: then it is as if there were no turns.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    readonly SemaphoreSlim places = new(AtOnce);

    /// <summary>Waits until a pool's next question may go, which is who asked first; dispose when it is answered.</summary>
    internal static async ValueTask<Turn> Take(NpgsqlDataSource database, CancellationToken ct)
    {
        var turns = Of.GetValue(database, static _ => new Turns());
        return new Turn(await turns.places.WaitAsync(Patience, ct) ? turns.places : null);
    }

    /// <summary>How many of a pool's turns nobody has.</summary>
    internal static int Free(NpgsqlDataSource database) => Of.TryGetValue(database, out var turns) ? turns.places.CurrentCount : AtOnce;

    /// <summary>One of them, or, for who has waited long enough, none.</summary>
    internal readonly struct Turn(SemaphoreSlim? place) : IDisposable
    {
        public void Dispose() => place?.Release();
    }
}
