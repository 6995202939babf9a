namespace KdRobust.Learning.Tests.Runs;

/// <summary>A clock on which a second passes with every look, so that a progress line is due after every step.</summary>
internal sealed class SteppingTime : TimeProvider
{
    long _now;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => _now++;
}
