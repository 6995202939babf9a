using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>
/// A cron expression in a time zone: five fields as cron itself has them (<c>0 3 * * *</c> is three o'clock each night), or six or
/// seven with the seconds first (<c>0 0 3 * * ?</c>).
/// </summary>
public sealed class CronTime
{
    readonly CronExpression expression;

    CronTime(CronExpression expression) => this.expression = expression;

    /// <summary>Reads an expression and the IANA name of a zone.</summary>
    /// <exception cref="FormatException">One of them is wrong; the message says what is expected.</exception>
    public static CronTime Parse(string cron, string zone) =>
        Problem(cron, zone) is { } problem ? throw new FormatException(problem) : new CronTime(Read(cron).WithTimeZone(TimeZoneInfo.FindSystemTimeZoneById(zone)));

    /// <summary>What is wrong with them; null when nothing is.</summary>
    public static string? Problem(string cron, string zone)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            return $"'{zone}' is no time zone known here; expected an IANA name, e.g. UTC or Europe/Berlin";
        try
        {
            return Read(cron).GetNextValidTimeAfter(DateTimeOffset.UnixEpoch) is null ? $"'{cron}' names no time at all" : null;
        }
        catch (FormatException error)
        {
            return $"'{cron}' is no cron expression ({error.Message.TrimEnd('.')}); expected minute hour day-of-month month day-of-week, e.g. '0 3 * * *' for three o'clock each night; a sixth field in front is seconds";
        }
    }

    /// <summary>As the scheduler wants it.</summary>
    internal CronExpression Expression => expression;

    /// <summary>The first time it names after a moment; null when there is none.</summary>
    public DateTimeOffset? After(DateTimeOffset moment) => expression.GetNextValidTimeAfter(moment);

    static CronExpression Read(string cron) =>
        CronExpression.Parse(cron, cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 5 ? CronFormat.Unix : CronFormat.Quartz);

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
