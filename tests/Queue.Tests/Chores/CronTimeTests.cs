using KdRobust.Queue.Chores;

namespace KdRobust.Queue.Tests.Chores;

public sealed class CronTimeTests
{
    [Theory]
    [InlineData("0 3 * * *", "UTC", "2026-11-27T02:59:59Z", "2026-11-26T03:00:00Z", "2026-11-27T03:00:00Z")]
    [InlineData("0 3 * * *", "UTC", "2026-11-27T03:00:00Z", "2026-11-27T03:00:00Z", "2026-11-28T03:00:00Z")]
    [InlineData("0 0 3 * * ?", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T01:00:00Z", "2026-07-02T01:00:00Z")]
    [InlineData("0 0 3 * * ?", "Europe/Berlin", "2026-12-01T12:00:00Z", "2026-12-01T02:00:00Z", "2026-12-02T02:00:00Z")]
    [InlineData("* * * * * ?", "UTC", "2026-11-27T03:00:07.900Z", "2026-11-27T03:00:07Z", "2026-11-27T03:00:08Z")]
    [InlineData("0 0 1 1 *", "UTC", "2026-11-27T03:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 0 0 29 2 ?", "UTC", "2027-03-01T00:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z")]
    public void The_due_times_around_a_moment(string cron, string zone, string moment, string before, string after)
    {
        var time = CronTime.Parse(cron, zone);
        time.AtOrBefore(At(moment)).ShouldBe(At(before));
        time.After(At(moment)).ShouldBe(At(after));
    }

    [Theory]
    [InlineData("every night", "UTC", "no cron expression")]
    [InlineData("61 * * * *", "UTC", "no cron expression")]
    [InlineData("0 3 * * *", "Mars/Olympus", "no time zone")]
    [InlineData("0 0 0 31 2 ?", "UTC", "names no time at all")]
    public void What_is_wrong_is_said(string cron, string zone, string what)
    {
        CronTime.Problem(cron, zone).ShouldNotBeNull().ShouldContain(what);
        Should.Throw<FormatException>(() => CronTime.Parse(cron, zone));
    }

    static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
