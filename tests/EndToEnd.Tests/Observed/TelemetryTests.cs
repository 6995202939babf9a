using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Support.Otlp;

namespace KdRobust.EndToEnd.Tests.Observed;

/// <summary>What a collector and Prometheus learn of one experiment, and what nobody may.</summary>
public sealed class TelemetryTests(ObservedRun run) : IClassFixture<ObservedRun>
{
    OtlpSpan Post => run.Collector.Spans.Where(span => span.Name == "POST /v1/experiments").ShouldHaveSingleItem();

    [PrivatePostgresFact]
    public void A_log_event_arrives_with_its_template_its_properties_and_its_trace()
    {
        var submitted = run.Collector.Logs.Where(log => log.Attributes.GetValueOrDefault("{OriginalFormat}", "").StartsWith("Experiment {Experiment} ({Name}) submitted by {Owner}: {Jobs} jobs", StringComparison.Ordinal)).ShouldHaveSingleItem();
        submitted.Service.ShouldBe("kdrobust-api");
        submitted.Severity.ShouldBe(9);
        submitted.Body.ShouldStartWith($"Experiment {run.Experiment} (");
        submitted.Attributes["Experiment"].ShouldBe(run.Experiment);
        submitted.Attributes["Owner"].ShouldBe("admin");
        int.Parse(submitted.Attributes["Jobs"]).ShouldBe(run.LastMetric.Count);
        submitted.TraceId.ShouldBe(Post.TraceId);

        var ended = run.Collector.Logs.Where(log => log.Attributes.GetValueOrDefault("{OriginalFormat}") == "{Name}: {Ending} after {Seconds} s").ToList();
        ended.ShouldAllBe(log => log.Service == "kdrobust-worker" && log.TraceId == Post.TraceId && log.Attributes["Ending"] == "finished");
        run.Collector.Keys.ShouldBe([ObservedRun.CollectorKey]);
    }

    [PrivatePostgresFact]
    public void One_trace_goes_from_the_request_to_the_last_metric_of_each_job()
    {
        var post = Post;
        (post.Service, post.Kind, post.ParentId, post.Attributes["http.response.status_code"]).ShouldBe(("kdrobust-api", 2, "", "201"));
        var trace = run.Collector.Spans.Where(span => span.TraceId == post.TraceId).ToList();
        var attempts = trace.Where(span => span.Name.StartsWith("attempt ", StringComparison.Ordinal)).ToList();
        attempts.Select(span => Guid.Parse(span.Attributes["kdr.job.id"])).ShouldBe(run.LastMetric.Keys, ignoreOrder: true);
        foreach (var attempt in attempts)
        {
            (attempt.Service, attempt.Kind, attempt.ParentId, attempt.Attributes["kdr.job.ending"]).ShouldBe(("kdrobust-worker", 5, post.Id, "finished"));
            OtlpSpan Child(OtlpSpan parent, string name) => trace.Where(span => span.ParentId == parent.Id && span.Name == name).ShouldHaveSingleItem(name);
            Child(attempt, "claim").Start.ShouldBe(attempt.Start);
            var end = Child(attempt, "end");
            var ran = Child(attempt, "run");
            end.Start.ShouldBeGreaterThanOrEqualTo(ran.End);
            var stored = trace.Where(span => span.ParentId == ran.Id && span.Attributes.ContainsKey("kdr.metric.last")).ToList();
            stored.Max(span => long.Parse(span.Attributes["kdr.metric.last"])).ShouldBe(run.LastMetric[Guid.Parse(attempt.Attributes["kdr.job.id"])]);
        }
        trace.ShouldContain(span => span.Service == "kdrobust-api" && span.Kind == 3, "statements of the request belong to it");
        run.Collector.Spans.ShouldNotContain(span => span.Kind == 3 && span.ParentId == "", "nobody asked for polls and sweeps");
        run.Collector.Spans.ShouldNotContain(span => span.Name == "GET /metrics");
    }

    [PrivatePostgresFact]
    public void Queue_jobs_requests_and_database_are_measured()
    {
        var points = run.Collector.Points;
        double Highest(string metric) => points.Where(point => point.Metric == metric).Select(point => point.Value).DefaultIfEmpty(-1).Max();
        Highest("kdr.claim.duration").ShouldBeGreaterThan(0);
        Highest("kdr.claim.wait").ShouldBeGreaterThan(0);
        points.Where(point => point.Metric == "kdr.job.attempts" && point.Attributes["kind"] == "train" && point.Attributes["ending"] == "finished").ShouldNotBeEmpty();
        Highest("kdr.job.duration").ShouldBeGreaterThan(0);
        Highest("kdr.metric.points").ShouldBeGreaterThanOrEqualTo(run.LastMetric.Count * 10);
        points.ShouldContain(point => point.Metric == "http.server.request.duration" && point.Service == "kdrobust-api");
        points.ShouldContain(point => point.Metric.StartsWith("db.client", StringComparison.Ordinal) && point.Service == "kdrobust-worker");

        run.Scraped.ShouldContain("# TYPE kdr_queue_ready gauge\nkdr_queue_ready{device=\"cpu\"} 0\n");
        run.Scraped.ShouldContain("kdr_queue_running{device=\"cpu\"} 0\n");
        run.Scraped.ShouldContain("kdr_queue_oldest_seconds{device=\"cuda\"} 0\n");
        run.Scraped.ShouldMatch("http_server_request_duration_seconds_count\\{[^}]*http_route=\"/v1/experiments/?\"[^}]*\\} [1-9]");
        run.Scraped.ShouldContain("le=\"+Inf\"}");
    }

    [PrivatePostgresFact]
    public void No_key_and_no_password_stands_in_any_output()
    {
        var outputs = string.Join('\n', [run.Texts, run.Collector.Everything, run.Scraped, .. run.Problems]);
        outputs.ShouldContain(run.Experiment, Case.Sensitive, "the outputs are there");
        run.Texts.ShouldContain("password authentication failed", Case.Sensitive, "the refused start is among them");
        run.Problems.Count.ShouldBe(4);
        run.Problems.ShouldAllBe(problem => problem.Contains("\"type\"", StringComparison.Ordinal));
        foreach (var secret in (string[])[run.Key, ObservedRun.CollectorKey, .. new[] { "kdr_api", "kdr_worker" }.Select(RoledDatabase.PasswordOf)])
            outputs.Contains(secret, StringComparison.Ordinal).ShouldBeFalse($"{secret[..6]}... stands {Around(outputs, secret)}");
    }

    static string Around(string text, string secret) =>
        text.IndexOf(secret, StringComparison.Ordinal) is >= 0 and var at ? $"after '{text[Math.Max(0, at - 120)..at]}'" : "nowhere";
}
