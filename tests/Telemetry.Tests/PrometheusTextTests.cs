using System.Diagnostics.Metrics;

namespace KdRobust.Telemetry.Tests;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Sums_gauges_and_histograms_are_written_as_prometheus_reads_them()
    {
        using var meter = new Meter("KdRobust.PrometheusTextTests");
        using var telemetry = ServiceTelemetry.Start(new ServiceIdentity("test", "1"), null);
        var counter = meter.CreateCounter<long>("kdr.test.writes", "{write}", "Writes\nof a \\ test");
        var seconds = meter.CreateHistogram("kdr.test.took", "s", "", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 2] });
        meter.CreateObservableGauge("kdr.test.level", () => 1.5, "By");
        counter.Add(2, new KeyValuePair<string, object?>("verb", "a \"quoted\" \\ one\n"));
        counter.Add(3, new KeyValuePair<string, object?>("verb", "two"));
        seconds.Record(0.25);
        seconds.Record(0.5);
        seconds.Record(3);

        var text = telemetry.Scrape.Read();
        text.ShouldContain("# HELP kdr_test_writes_total Writes\\nof a \\\\ test\n# TYPE kdr_test_writes_total counter\n");
        text.ShouldContain("kdr_test_writes_total{verb=\"a \\\"quoted\\\" \\\\ one\\n\"} 2\n");
        text.ShouldContain("kdr_test_writes_total{verb=\"two\"} 3\n");
        text.ShouldContain(
            """
            # TYPE kdr_test_took_seconds histogram
            kdr_test_took_seconds_bucket{le="0.5"} 2
            kdr_test_took_seconds_bucket{le="2"} 2
            kdr_test_took_seconds_bucket{le="+Inf"} 3
            kdr_test_took_seconds_sum 3.75
            kdr_test_took_seconds_count 3

            """);
        text.ShouldContain("# TYPE kdr_test_level_bytes gauge\nkdr_test_level_bytes 1.5\n");

        counter.Add(1, new KeyValuePair<string, object?>("verb", "two"));
        telemetry.Scrape.Read().ShouldContain("kdr_test_writes_total{verb=\"two\"} 4\n");
    }

    [Fact]
    public async Task Many_may_read_at_the_same_time()
    {
        using var meter = new Meter("KdRobust.PrometheusTextTests.Many");
        using var telemetry = ServiceTelemetry.Start(new ServiceIdentity("test", "1"), null);
        meter.CreateCounter<long>("kdr.test.many").Add(7);
        var read = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(telemetry.Scrape.Read)));
        read.ShouldAllBe(text => text.Contains("kdr_test_many_total 7\n"));
    }
}
