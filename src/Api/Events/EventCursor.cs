using System.Globalization;

namespace KdRobust.Api.Events;

/// <summary>
/// How far a stream has told each job: the id of its last event, and of its last metric where metrics are told. It goes
/// out as the id of every message and comes back as Last-Event-ID. One number for all jobs would not do: ids are drawn
/// before transactions commit, so a reader of many jobs' rows could pass one that is not visible yet. The rows of one
/// job are written under its row lock, hence in order.
/// </summary>
sealed class EventCursor
{
    readonly long[] events;
    readonly long[] metrics;

    EventCursor(long[] events, long[] metrics) => (this.events, this.metrics) = (events, metrics);

    /// <summary>The beginning, or where an earlier stream over the same topics ended. An id of other topics means the beginning: then nothing is lost, though some is told again.</summary>
    public static EventCursor Read(string? lastEventId, int jobs)
    {
        var parts = (lastEventId ?? "").Split('_');
        return parts.Length == 2 && Numbers(parts[0], jobs) is { } events && Numbers(parts[1], jobs) is { } metrics
            ? new(events, metrics)
            : new(new long[jobs], new long[jobs]);
    }

    /// <summary>Id of the last event told of the n-th job; 0 for none.</summary>
    public ref long Event(int job) => ref events[job];

    /// <summary>Id of the last metric told of the n-th job; 0 for none.</summary>
    public ref long Metric(int job) => ref metrics[job];

    /// <inheritdoc/>
    public override string ToString() => $"{Text(events)}_{Text(metrics)}";

    static string Text(long[] numbers) => string.Join('.', numbers.Select(n => n == 0 ? "" : n.ToString(CultureInfo.InvariantCulture)));

    static long[]? Numbers(string text, int count)
    {
        var parts = text.Split('.');
        if (parts.Length != count) return null;
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
            if (parts[i].Length > 0 && !long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return null;
        return numbers;
    }
}
