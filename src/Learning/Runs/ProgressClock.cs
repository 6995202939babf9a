namespace KdRobust.Learning.Runs;

/// <summary>Says when a progress line is due (at most two a second), how fast the work goes and how long it will take.</summary>
internal sealed class ProgressClock(TimeProvider time)
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    // Weight of the newest interval in the throughput: settles within a few seconds, and does not jump.
    const double Newest = 0.3;

    readonly long _start = time.GetTimestamp();
    long _last = time.GetTimestamp();
    double _images;

    /// <summary>Images a second lately; null before the first interval.</summary>
    public double? ImagesPerSecond { get; private set; }

    /// <summary>Seconds since construction.</summary>
    public double Seconds => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Counts work; true when an interval has passed and a line is due.</summary>
    public bool Due(int images)
    {
        _images += images;
        var elapsed = time.GetElapsedTime(_last);
        if (elapsed < Interval) return false;
        var rate = _images / elapsed.TotalSeconds;
        ImagesPerSecond = ImagesPerSecond is { } before ? before + (Newest * (rate - before)) : rate;
        _images = 0;
        _last = time.GetTimestamp();
        return true;
    }

    /// <summary>Seconds left when <paramref name="done"/> of <paramref name="total"/> units, alike in cost, took the seconds since construction; null before anything is done.</summary>
    public double? SecondsLeft(double done, double total) => done > 0 ? Seconds * (total - done) / done : null;
}
