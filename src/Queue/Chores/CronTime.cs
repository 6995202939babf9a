using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>A cron expression in a time zone. Seconds come first: <c>0 0 3 * * ?</c> is three o'clock each night.</summary>
public sealed class CronTime
{
    readonly CronExpression expression;

    CronTime(CronExpression expression) => this.expression = expression;

    /// <summary>Reads an expression and the IANA name of a zone.</summary>
    /// <exception cref="FormatException">One of them is wrong; the message says what is expected.</exception>
    public static CronTime Parse(string cron, string zone) =>
        Problem(cron, zone) is { } problem ? throw new FormatException(problem) : new CronTime(new CronExpression(cron, TimeZoneInfo.FindSystemTimeZoneById(zone)));

    /// <summary>What is wrong with them; null when nothing is.</summary>
    public static string? Problem(string cron, string zone)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            return $"'{zone}' is no time zone known here; expected an IANA name, e.g. UTC or Europe/Berlin";
        try
        {
            return new CronExpression(cron).GetNextValidTimeAfter(DateTimeOffset.UnixEpoch) is null ? $"'{cron}' names no time at all" : null;
        }
        catch (FormatException error)
        {
            return $"'{cron}' is no cron expression ({error.Message.TrimEnd('.')}); expected seconds minutes hours day-of-month month day-of-week, e.g. '0 0 3 * * ?' for three o'clock each night";
        }
    }

    /// <summary>The first time it names after a moment; null when there is none.</summary>
    public DateTimeOffset? After(DateTimeOffset moment) => expression.GetNextValidTimeAfter(moment);

    /// <summary>The last time it names that is not after a moment; null when there is none.</summary>
    public DateTimeOffset? AtOrBefore(DateTimeOffset moment)
    {
        // Looked for forwards from further and further back: a look backwards is not part of the scheduler's interface.
        foreach (var span in (ReadOnlySpan<TimeSpan>)[TimeSpan.FromMinutes(2), TimeSpan.FromHours(3), TimeSpan.FromDays(3), TimeSpan.FromDays(70), TimeSpan.FromDays(800), TimeSpan.FromDays(6000)])
        {
            DateTimeOffset? found = null;
            for (var next = After(moment - span); next <= moment; next = After(next.Value))
                found = next;
            if (found is not null)
                return found;
        }
        return null;
    }
}
