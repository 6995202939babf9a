using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

public sealed class CancelThroughWeatherTests
{
    public static TheoryData<bool> Ways => [true, false];

    [Theory, MemberData(nameof(Ways))]
    public async Task A_connection_that_breaks_while_it_is_cancelled_stops_no_other_callback_and_nobody_who_cancels(bool waits)
    {
        using var source = new CancellationTokenSource();
        var told = 0;
        source.Token.Register(() => told++);
        source.Token.Register(() => throw new ObjectDisposedException("System.Threading.ManualResetEventSlim"));
        source.Token.Register(() => throw new NpgsqlException("broken"));
        source.Token.Register(() => told++);
        // What the callbacks of a linked source throw comes as one exception of exceptions.
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(source.Token);
        linked.Token.Register(() => throw new NpgsqlException("broken too"));
        await Cancel(source, waits);
        told.ShouldBe(2);
        linked.IsCancellationRequested.ShouldBeTrue();
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_mistake_in_a_callback_is_never_taken_for_weather(bool waits)
    {
        using var source = new CancellationTokenSource();
        source.Token.Register(() => throw new NpgsqlException("broken"));
        source.Token.Register(() => throw new InvalidOperationException("ours"));
        (await Should.ThrowAsync<AggregateException>(() => Cancel(source, waits))).InnerExceptions.Count.ShouldBe(2);
    }

    static async Task Cancel(CancellationTokenSource source, bool waits)
    {
        if (waits)
            await source.CancelThroughWeatherAsync();
        else
            source.CancelThroughWeatherNow();
    }
}
