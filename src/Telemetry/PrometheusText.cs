using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace KdRobust.Telemetry;

/// <summary>What the process measured, as Prometheus reads it (text format 0.0.4): names with underscores and their unit, sums as counters.</summary>
[ExportModes(ExportModes.Pull)]
public sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    /// <summary>Of the answer to a scrape.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly Lock guard = new();
    string text = "";

    /// <summary>Given by the reader that this is handed to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>Everything measured until now.</summary>
    public string Read()
    {
        lock (guard)
        {
            Collect?.Invoke(Timeout.Infinite);
            return text;
        }
    }

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        var written = new StringBuilder();
        foreach (var metric in batch)
            Write(written, metric);
        text = written.ToString();
        return ExportResult.Success;
    }

    static void Write(StringBuilder to, Metric metric)
    {
        var type = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => "counter",
            MetricType.Histogram => "histogram",
            MetricType.ExponentialHistogram => null,
            _ => "gauge",
        };
        if (type is null)
            return; // The text format has no form for it; no instrument of ours is one.
        var name = Name(metric.Name, metric.Unit) + (type == "counter" ? "_total" : "");
        if (metric.Description.Length > 0)
            to.Append(CultureInfo.InvariantCulture, $"# HELP {name} {metric.Description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n");
        to.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (metric.MetricType == MetricType.Histogram)
                WriteHistogram(to, name, point);
            else
                Sample(to, name, point, Value(metric.MetricType, point));
        }
    }

    static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        _ => point.GetGaugeLastValueDouble(),
    };

    static void WriteHistogram(StringBuilder to, string name, in MetricPoint point)
    {
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            Sample(to, name + "_bucket", point, below, ("le", double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound)));
        }
        Sample(to, name + "_sum", point, point.GetHistogramSum());
        Sample(to, name + "_count", point, point.GetHistogramCount());
    }

    static void Sample(StringBuilder to, string name, in MetricPoint point, double value, (string Name, string Value)? label = null)
    {
        var labels = new List<string>();
        foreach (var (tag, content) in point.Tags)
            labels.Add($"{Name(tag, "")}=\"{Escaped(Convert.ToString(content, CultureInfo.InvariantCulture) ?? "")}\"");
        if (label is { } last)
            labels.Add($"{last.Name}=\"{last.Value}\"");
        to.Append(name);
        if (labels.Count > 0)
            to.Append('{').AppendJoin(',', labels).Append('}');
        to.Append(' ').Append(Number(value)).Append('\n');
    }

    static string Name(string name, string unit)
    {
        var suffix = unit switch { "s" => "_seconds", "By" => "_bytes", "1" => "_ratio", _ => "" };
        var clean = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return clean.EndsWith(suffix, StringComparison.Ordinal) ? clean : clean + suffix;
    }

    static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    static string Number(double value) => double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? (value > 0 ? "+Inf" : "-Inf") : value.ToString("R", CultureInfo.InvariantCulture);
}
