using KdRobust.Persistence.Jobs;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class LeaseSettingsTests
{
    [Fact]
    public void Worker_stops_by_itself_before_its_lease_ends_and_after_several_heartbeats()
    {
        var settings = new LeaseSettings { Lease = TimeSpan.FromSeconds(60) };
        settings.Heartbeat.ShouldBe(TimeSpan.FromSeconds(10));
        settings.SelfFence.ShouldBe(TimeSpan.FromSeconds(40));
        settings.Sweep.ShouldBe(TimeSpan.FromSeconds(5));
        Should.Throw<ArgumentOutOfRangeException>(() => new LeaseSettings { Lease = TimeSpan.FromMilliseconds(999) });
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(8, 256)]
    [InlineData(9, 300)]
    [InlineData(1000, 300)]
    public void Waits_grow_up_to_five_minutes(int attempt, int seconds) =>
        RetryPolicy.Delay(attempt).ShouldBe(TimeSpan.FromSeconds(seconds));
}
