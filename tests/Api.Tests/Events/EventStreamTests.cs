using System.Net;
using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Events;

public sealed class EventStreamTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly JobProgress Half = new("train", 1.5, 3, "epoch", 1.9, 0.31, 812.5, 12);

    async Task<(Guid Experiment, ClaimedJob Job)> Running()
    {
        var experiment = await api.Ada.SubmitSample();
        var mine = (await api.Experiments.Jobs(experiment)).Select(j => j.Job.Id).ToHashSet();
        while (await new StandInWorker(api).Claim() is var job)
            if (mine.Contains(job.Lease.JobId)) return (experiment, job);
        throw new InvalidOperationException();
    }

    [PostgresFact]
    public async Task A_stream_begins_with_the_history_and_goes_on_live()
    {
        var (experiment, job) = await Running();
        var heard = await api.Ada.Listen($"experiment:{experiment}", m => m.IsState(job.Lease.JobId, "succeeded"), meanwhile: () => new StandInWorker(api).Finish(job));
        heard.States(job.Lease.JobId).ShouldBe(["queued", "running", "succeeded"]);
        heard.First(m => m.Kind == "experiment").Content["state"]!.GetValue<string>().ShouldBe("running");
    }

    [PostgresFact]
    public async Task After_a_reconnect_nothing_is_missing_and_nothing_comes_twice()
    {
        var (experiment, job) = await Running();
        var topics = $"experiment:{experiment},job:{job.Lease.JobId}";
        await api.Metrics.Append(job.Lease, Points(0, 3));
        var before = await api.Ada.Listen(topics, m => m.IsState(job.Lease.JobId, "running"));

        // While nobody listens: more numbers, the end, and the jobs that waited become ready.
        await api.Metrics.Append(job.Lease, Points(3, 4));
        await new StandInWorker(api).Store(job, OutputNames.Weights, [1]);
        await api.Jobs.Complete(job.Lease, Samples.SampleResults.Of(job.Payload));

        var after = await api.Ada.Listen(topics, m => m.Kind == "experiment", before[^1].Id);
        var both = before.Concat(after).ToList();
        both.States(job.Lease.JobId).ShouldBe(["queued", "running", "succeeded"]);
        both.Steps().ShouldBe([0L, 1, 2, 3, 4, 5, 6]);
        var child = (await api.Experiments.Jobs(experiment)).First(j => j.Job.DependsOn.Contains(job.Lease.JobId) && j.Job.DependsOn.Count == 1).Job.Id;
        both.States(child).ShouldBe(["blocked", "queued"]);
    }

    [PostgresFact]
    public async Task A_reader_hung_up_after_every_message_still_hears_everything_once()
    {
        var (experiment, job) = await Running();
        await api.Metrics.Append(job.Lease, Points(0, 3));
        var topics = $"experiment:{experiment},job:{job.Lease.JobId}";
        var whole = await api.Ada.Listen(topics, m => m.Kind == "experiment");

        var pieces = new List<Heard>();
        var last = (string?)null;
        while (pieces.Count(m => m.Kind == "state") < whole.Count(m => m.Kind == "state"))
        {
            var piece = await api.Ada.Listen(topics, m => m.Kind is "state" or "metrics", last);
            last = piece[^1].Id;
            pieces.AddRange(piece);
        }
        foreach (var id in (await api.Experiments.Jobs(experiment)).Select(j => j.Job.Id))
            pieces.States(id).ShouldBe(whole.States(id));
        pieces.Steps().ShouldBe(whole.Steps());
    }

    [PostgresFact]
    public async Task Progress_is_told_while_it_is_made()
    {
        var (experiment, job) = await Running();
        var heard = await api.Ada.Listen($"experiment:{experiment}", m => m.Kind == "progress", meanwhile: () => api.Jobs.RecordProgress(job.Lease, Half));
        var progress = heard[^1].Content["progress"]!;
        progress["done"]!.GetValue<double>().ShouldBe(1.5);
        progress["accuracy"]!.GetValue<double>().ShouldBe(0.31);
        progress["imagesPerSecond"]!.GetValue<double>().ShouldBe(812.5);
    }

    [PostgresFact]
    public async Task A_silent_stream_gives_signs_of_life()
    {
        var (_, job) = await Running();
        (await api.Ada.Listen($"job:{job.Lease.JobId}", m => m.Kind == "ping"))[^1].Kind.ShouldBe("ping");
    }

    [PostgresFact]
    public async Task A_failed_job_says_why()
    {
        var (experiment, job) = await Running();
        await api.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "train.bin is cut short at byte 3073", ""));
        var heard = await api.Ada.Listen($"experiment:{experiment}", m => m.IsState(job.Lease.JobId, "failed"));
        heard[^1].Content["failure"]!["message"]!.GetValue<string>().ShouldBe("train.bin is cut short at byte 3073");
    }

    [PostgresTheory]
    [InlineData("")]
    [InlineData("job")]
    [InlineData("worker:0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a77")]
    [InlineData("job:not-an-id")]
    public async Task Topics_that_are_none_are_refused(string topics)
    {
        using var response = await api.Ada.GetAsync($"/v1/events?topics={topics}");
        await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }

    static MetricPoint[] Points(int from, int count) => [.. Enumerable.Range(from, count).Select(i => new MetricPoint(i, "train/loss", i, i, 1.0 / (i + 1)))];
}
