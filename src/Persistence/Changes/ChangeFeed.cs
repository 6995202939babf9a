using System.Runtime.CompilerServices;
using System.Threading.Channels;
using KdRobust.Persistence.Schema;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdRobust.Persistence.Changes;

/// <summary>What a change is about.</summary>
public enum ChangeTopic
{
    /// <summary>Anything may have changed: said when listening begins, after every reconnect, and whenever nothing was heard for the poll interval.</summary>
    Everything,
    /// <summary>An experiment was submitted or cancelled.</summary>
    Experiment,
    /// <summary>A sweep was submitted, filled up, cancelled, or reached its next rung.</summary>
    Sweep,
    /// <summary>A job changed its state, progress or metrics.</summary>
    Job,
    /// <summary>A job became ready; the id is empty.</summary>
    Ready,
    /// <summary>A running job shall stop.</summary>
    Cancel,
}

/// <summary>A hint that something changed; the rows say what.</summary>
public readonly record struct Change(ChangeTopic Topic, Guid Id);

/// <summary>
/// Changes of rows as streams: one LISTEN connection a program, any number of readers. A notification may be lost (the
/// server restarts, a connection breaks), so <see cref="ChangeTopic.Everything"/> is said at least once per poll interval: who
/// then looks at the rows again misses nothing.
/// </summary>
/// <param name="database">The pool; one of its connections is kept.</param>
/// <param name="topics">What this program wants to hear of.</param>
/// <param name="poll">Longest silence.</param>
/// <param name="log">Told of lost and regained connections.</param>
public sealed partial class ChangeFeed(NpgsqlDataSource database, IReadOnlyList<ChangeTopic> topics, TimeSpan poll, ILogger<ChangeFeed> log) : IAsyncDisposable
{
    readonly CancellationTokenSource ending = new();
    readonly Lock guard = new();
    readonly List<Reader> readers = [];
    readonly TaskCompletionSource firstListening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? listening;

    /// <summary>Done once the server has listened for the first time.</summary>
    internal Task Listening => firstListening.Task;

    /// <summary>Changes from now on, <see cref="ChangeTopic.Everything"/> first. A change that comes while the reader is busy is told once.</summary>
    /// <param name="wanted">Which changes; Everything always comes. Null for all.</param>
    /// <param name="ct">Ends the stream with an <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerable<Change> Listen(Func<Change, bool>? wanted = null, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var reader = new Reader(wanted);
        lock (guard)
        {
            readers.Add(reader);
            listening ??= Task.Run(() => KeepListening(ending.Token), CancellationToken.None);
        }
        try
        {
            reader.Tell(new Change(ChangeTopic.Everything, default));
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, ending.Token);
            while (true)
            {
                foreach (var change in await reader.Next(either.Token))
                    yield return change;
            }
        }
        finally
        {
            lock (guard)
                readers.Remove(reader);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelThroughWeatherAsync();
        if (listening is not null)
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    async Task KeepListening(CancellationToken ct)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                connection.Notification += (_, note) => Tell(Parse(note));
                try
                {
                    await using (var listen = await connection.Together(ct, topics.Where(topic => topic != ChangeTopic.Everything).Select(topic => ($"LISTEN {Channel(topic)}", Array.Empty<object?>()))))
                        await listen.ExecuteNonQueryAsync(ct);
                    pause = TimeSpan.FromMilliseconds(100);
                    firstListening.TrySetResult();
                    while (true)
                    {
                        Tell(new Change(ChangeTopic.Everything, default));
                        await Listen(connection, ct);
                    }
                }
                finally
                {
                    // Whoever borrows it next has not asked for these.
                    if (connection.State == System.Data.ConnectionState.Open)
                        await connection.Execute("UNLISTEN *", [], CancellationToken.None);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                ListeningInterrupted(log, error.Message);
                Tell(new Change(ChangeTopic.Everything, default));
                await Task.Delay(pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.FromSeconds(2).Ticks));
            }
        }
    }

    /// <summary>Passes notifications on for one poll interval; ends early only by an error.</summary>
    async Task Listen(NpgsqlConnection connection, CancellationToken ct)
    {
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        while (poll - System.Diagnostics.Stopwatch.GetElapsedTime(begun) is { Ticks: > TimeSpan.TicksPerMillisecond } left)
            await connection.WaitAsync(left, ct);
    }

    void Tell(Change change)
    {
        lock (guard)
        {
            foreach (var reader in readers)
                reader.Tell(change);
        }
    }

    static string Channel(ChangeTopic topic) => "kdr_" + topic.ToString().ToLowerInvariant();

    static Change Parse(NpgsqlNotificationEventArgs note) => note.Channel switch
    {
        "kdr_ready" => new Change(ChangeTopic.Ready, default),
        "kdr_job" => new Change(ChangeTopic.Job, Guid.Parse(note.Payload)),
        "kdr_experiment" => new Change(ChangeTopic.Experiment, Guid.Parse(note.Payload)),
        "kdr_sweep" => new Change(ChangeTopic.Sweep, Guid.Parse(note.Payload)),
        "kdr_cancel" => new Change(ChangeTopic.Cancel, Guid.Parse(note.Payload)),
        _ => new Change(ChangeTopic.Everything, default),
    };

    [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "not listening to the database for now: {Reason}")]
    static partial void ListeningInterrupted(ILogger log, string reason);

    sealed class Reader(Func<Change, bool>? wanted)
    {
        readonly HashSet<Change> waiting = [];
        readonly Channel<bool> bell = System.Threading.Channels.Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        internal void Tell(Change change)
        {
            if (change.Topic != ChangeTopic.Everything && wanted?.Invoke(change) == false)
                return;
            lock (waiting)
                waiting.Add(change);
            bell.Writer.TryWrite(true);
        }

        internal async ValueTask<Change[]> Next(CancellationToken ct)
        {
            await bell.Reader.ReadAsync(ct);
            lock (waiting)
            {
                var changes = waiting.ToArray();
                waiting.Clear();
                return changes;
            }
        }
    }
}
