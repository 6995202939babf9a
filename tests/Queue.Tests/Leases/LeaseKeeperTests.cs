using System.Collections.Concurrent;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Queue.Leases;
using KdRobust.Queue.Tests.Arrange;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace KdRobust.Queue.Tests.Leases;

/// <summary>The keeper against a clock moved by hand and a database that answers as told.</summary>
public sealed class LeaseKeeperTests
{
    static readonly LeaseSettings Settings = new() { Lease = TimeSpan.FromSeconds(60) };
    static readonly JobLease Lease = new(Guid.NewGuid(), 7, "w1");
    static readonly TimeSpan Step = TimeSpan.FromSeconds(1), Long = TimeSpan.FromMinutes(5);

    readonly ManualTime time = new();
    readonly ConcurrentQueue<long> beats = new();
    readonly SemaphoreSlim beaten = new(0);

    LeaseKeeper Start(Func<int, CancellationToken, Task<HeartbeatReply>> answer) =>
        LeaseKeeper.Start(
            Lease, time.GetTimestamp(),
            async (_, ct) =>
            {
                beats.Enqueue(time.GetTimestamp());
                beaten.Release();
                return await answer(beats.Count, ct);
            },
            Settings, time, NullLogger.Instance);

    static Task Set(CancellationToken token)
    {
        var set = new TaskCompletionSource();
        token.Register(set.SetResult);
        return set.Task;
    }

    [Fact]
    public async Task Accepted_heartbeats_keep_the_lease_for_ever()
    {
        await using var keeper = Start((_, _) => Task.FromResult(HeartbeatReply.Continue));
        for (var beat = 0; beat < 30; beat++)
            (await time.AdvanceUntil(beaten.WaitAsync(), Step, Long)).ShouldBeInRange(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(12));
        keeper.Lost.IsCancellationRequested.ShouldBeFalse();
        keeper.CancelRequested.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Pause_is_told_and_a_cancel_that_follows_it_too_while_the_lease_is_kept()
    {
        await using var keeper = Start((beat, _) => Task.FromResult(beat < 2 ? HeartbeatReply.Continue : beat < 4 ? HeartbeatReply.Pause : HeartbeatReply.Cancel));
        await time.AdvanceUntil(Set(keeper.PauseRequested), Step, Long);
        keeper.CancelRequested.IsCancellationRequested.ShouldBeFalse();
        await time.AdvanceUntil(Set(keeper.CancelRequested), Step, Long);
        keeper.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Silence_of_the_database_ends_the_run_after_two_thirds_of_the_lease()
    {
        await using var keeper = Start((_, _) => throw new NpgsqlException("no connection"));
        var passed = await time.AdvanceUntil(Set(keeper.Lost), Step, Long);
        passed.ShouldBeInRange(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(43));
        beats.Count.ShouldBeGreaterThan(5, "it asks again and again");
    }

    [Fact]
    public async Task Time_counts_from_when_the_last_accepted_heartbeat_was_sent()
    {
        // The first is accepted although its answer took long; then nothing.
        var answered = new TaskCompletionSource<HeartbeatReply>();
        await using var keeper = Start((beat, _) => beat == 1 ? answered.Task : throw new NpgsqlException("no connection"));
        await time.AdvanceUntil(beaten.WaitAsync(), Step, Long);
        beats.TryPeek(out var sent).ShouldBeTrue();
        time.Advance(TimeSpan.FromSeconds(10));
        answered.SetResult(HeartbeatReply.Continue);
        await time.AdvanceUntil(Set(keeper.Lost), Step, Long);
        time.GetElapsedTime(sent).ShouldBeInRange(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(43));
    }

    [Fact]
    public async Task Worker_that_was_halted_for_too_long_does_not_even_ask()
    {
        await using var keeper = Start((_, _) => Task.FromResult(HeartbeatReply.Continue));
        await time.AdvanceUntil(beaten.WaitAsync(), Step, Long);
        // The first pause must be armed again before time jumps over its end.
        await Task.Delay(50);
        var before = beats.Count;
        time.Advance(TimeSpan.FromSeconds(45));
        await Set(keeper.Lost).WaitAsync(TimeSpan.FromSeconds(20));
        beats.Count.ShouldBe(before);
    }

    [Fact]
    public async Task Answer_that_does_not_come_is_given_up_and_asked_anew()
    {
        await using var keeper = Start(async (beat, ct) =>
        {
            if (beat == 1)
                await Task.Delay(Timeout.Infinite, ct);
            return HeartbeatReply.Continue;
        });
        await time.AdvanceUntil(beaten.WaitAsync(), Step, Long);
        await time.AdvanceUntil(beaten.WaitAsync(), Step, Long);
        await time.AdvanceUntil(beaten.WaitAsync(), Step, Long);
        keeper.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Lost_lease_and_cancellation_are_two_different_reasons()
    {
        await using var lost = Start((_, _) => Task.FromResult(HeartbeatReply.Lost));
        await time.AdvanceUntil(Set(lost.Lost), Step, Long);
        lost.CancelRequested.IsCancellationRequested.ShouldBeFalse();

        await using var cancelled = Start((_, _) => Task.FromResult(HeartbeatReply.Cancel));
        await time.AdvanceUntil(Set(cancelled.CancelRequested), Step, Long);
        cancelled.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Hint_asks_at_once()
    {
        await using var keeper = Start((_, _) => Task.FromResult(HeartbeatReply.Cancel));
        keeper.Hint();
        keeper.Hint();
        await Set(keeper.CancelRequested).WaitAsync(TimeSpan.FromSeconds(20));
        time.GetTimestamp().ShouldBe(0);
    }
}
