using System.Diagnostics.Metrics;
using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Jobs;

/// <summary>What the job store counts; free while nobody listens. Names and units as OpenTelemetry has them.</summary>
static class JobMeter
{
    static readonly Meter Meter = new("KdRobust.Jobs");

    static readonly Histogram<double> ClaimSeconds = Meter.CreateHistogram(
        "kdr.claim.duration", "s", "Time one claim took, from the question to the job", advice: Seconds([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2]));

    static readonly Histogram<double> WaitSeconds = Meter.CreateHistogram(
        "kdr.claim.wait", "s", "Time a job was ready before it was claimed, by the database's clock", advice: Seconds([0.01, 0.02, 0.05, 0.1, 0.5, 2, 10, 60, 600, 3600, 36_000]));

    static readonly Counter<long> StaleWrites = Meter.CreateCounter<long>("kdr.writes.stale", "{write}", "Writes refused because the lease they named was gone");

    static readonly Counter<long> Reaped = Meter.CreateCounter<long>("kdr.jobs.reaped", "{job}", "Jobs taken from workers that were not heard of");

    internal static void Claimed(string kind, TimeSpan took, double waitedSeconds)
    {
        var tag = new KeyValuePair<string, object?>("kind", kind);
        ClaimSeconds.Record(took.TotalSeconds, tag);
        WaitSeconds.Record(Math.Max(0, waitedSeconds), tag);
    }

    /// <summary>Counts a write that came too late, and passes its answer on.</summary>
    internal static T Late<T>(string verb, T answer)
    {
        StaleWrites.Add(1, new KeyValuePair<string, object?>("verb", verb));
        return answer;
    }

    internal static void Swept(SweepReport report)
    {
        Count("queued", report.Requeued);
        Count("failed", report.Failed);
        Count("cancelled", report.Cancelled);

        static void Count(string outcome, int jobs)
        {
            if (jobs > 0)
                Reaped.Add(jobs, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    static InstrumentAdvice<double> Seconds(IReadOnlyList<double> bounds) => new() { HistogramBucketBoundaries = bounds };
}
