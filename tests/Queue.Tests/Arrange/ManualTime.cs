namespace KdRobust.Queue.Tests.Arrange;

/// <summary>A monotonic clock that moves when a test moves it.</summary>
sealed class ManualTime : TimeProvider
{
    readonly Lock guard = new();
    readonly List<ManualTimer> timers = [];
    TimeSpan now = TimeSpan.Zero;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (guard)
            return now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass in small steps, leaving others the time to act, until something has happened.</summary>
    /// <returns>How much time passed.</returns>
    public async Task<TimeSpan> AdvanceUntil(Task happened, TimeSpan step, TimeSpan most)
    {
        var passed = TimeSpan.Zero;
        while (!happened.IsCompleted)
        {
            if (passed > most)
                throw new TimeoutException($"it did not happen within {most} of manual time");
            Advance(step);
            passed += step;
            await Task.WhenAny(happened, Task.Delay(20));
        }
        return passed;
    }

    public void Advance(TimeSpan step)
    {
        List<ManualTimer> due;
        lock (guard)
        {
            now += step;
            due = [.. timers.Where(timer => timer.Due <= now)];
            foreach (var timer in due)
                timers.Remove(timer);
        }
        foreach (var timer in due)
            timer.Fire();
    }

    sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        internal TimeSpan Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.guard)
            {
                time.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = time.now + dueTime;
                time.timers.Add(this);
                return true;
            }
        }

        internal void Fire() => callback(state);

        public void Dispose()
        {
            lock (time.guard)
                time.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
