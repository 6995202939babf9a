using System.Diagnostics;
using System.Diagnostics.Metrics;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Worker.Serving;

/// <summary>The spans and numbers of a run. Spans are children of the attempt's, which the queue began.</summary>
static class RunTrace
{
    static readonly ActivitySource Source = new("KdRobust.Worker");
    static readonly Meter Meter = new("KdRobust.Worker");

    static readonly Counter<long> Attempts = Meter.CreateCounter<long>("kdr.job.attempts", "{attempt}", "Attempts that ended here, by kind of job and ending");

    static readonly Histogram<double> Seconds = Meter.CreateHistogram(
        "kdr.job.duration", "s", "Time of an attempt, from the claim to its report", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400] });

    static readonly Gauge<double> ImageRate = Meter.CreateGauge<double>("kdr.images.rate", "{image}/s", "Images a second of the run that told last, by kind of job");
    static readonly Counter<long> Points = Meter.CreateCounter<long>("kdr.metric.points", "{point}", "Numbers over time that were stored");

    /// <summary>A step of the run; ends when disposed. The name is one of few: what differs is a tag.</summary>
    internal static Activity? Step(string name) => Source.StartActivity(name);

    internal static void Progress(ClaimedJob job, JobProgress made)
    {
        if (made.ImagesPerSecond is { } rate)
            ImageRate.Record(rate, Kind(job));
    }

    /// <summary>So many numbers reached the database.</summary>
    internal static void Stored(Activity? step, IReadOnlyList<MetricPoint> points)
    {
        Points.Add(points.Count);
        if (points.Count > 0)
            step?.SetTag("kdr.metric.points", points.Count).SetTag("kdr.metric.last", points[^1].Ordinal);
    }

    internal static void Ended(ClaimedJob job, RunEnding ending, double seconds)
    {
        var how = ending switch
        {
            Finished => "finished",
            Released { Why: ReleaseReason.Cancelled } => "cancelled",
            Released => "given-back",
            Broken => "failed",
            _ => "lost",
        };
        Attempts.Add(1, Kind(job), new("ending", how));
        Seconds.Record(seconds, Kind(job), new("ending", how));
        var attempt = Activity.Current;
        attempt?.SetTag("kdr.job.ending", how);
        if (ending is Broken or LeaseGone)
            attempt?.SetStatus(ActivityStatusCode.Error, ending.InWords);
    }

    static KeyValuePair<string, object?> Kind(ClaimedJob job) => new("kind", job.Payload.KindName);
}
