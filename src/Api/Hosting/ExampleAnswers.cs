using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Api.Dashboard;
using KdRobust.Api.Datasets;
using KdRobust.Api.Experiments;
using KdRobust.Api.Jobs;
using KdRobust.Api.Keys;
using KdRobust.Api.Models;
using KdRobust.Api.Plans;
using KdRobust.Api.Queues;
using KdRobust.Api.Schedules;
using KdRobust.Api.Sweeps;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Chores;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Lists;
using KdRobust.Persistence.Overviews;
using KdRobust.Persistence.Retention;
using KdRobust.Persistence.Schedules;
using KdRobust.Persistence.Sweeps;
using KdRobust.Persistence.Workers;

namespace KdRobust.Api.Hosting;

/// <summary>What the interface's description shows as answers: values of the very types that are answered.</summary>
static class ExampleAnswers
{
    static readonly Guid Experiment = Guid.Parse(ExampleRequests.Experiment), Job = Guid.Parse(ExampleRequests.Job), Key = Guid.Parse(ExampleRequests.Key);
    static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    static readonly string Hash = ExampleRequests.Model;
    static readonly ExperimentSpec Spec = SpecReader.Read(ExampleSpec.Text).Spec!;
    static readonly JobProgress Progress = new("train", 1.5, 4, "epoch", 1.9, 0.31, 812.5, 12);
    static readonly JobUser User = new(Experiment, "example");

    static readonly ExperimentSummary Summary = new(
        Experiment, "example", Spec.Title, "ada", ExperimentState.Running, 0, Hash, new Dictionary<JobState, int> { [JobState.Running] = 1, [JobState.Blocked] = 1 }, Noon, null);

    static readonly JobSummary Listed = new(
        Job, "train net", "train", "ada", JobState.Running, "claimed", "cpu", 1, 0, 1, RetryPolicy.MaxAttempts, "worker-1", false, Progress, null, null, Noon, Noon, null);

    static readonly JobView View = new()
    {
        Id = Job, Name = "train net", Kind = "train", State = JobState.Running, Fingerprint = Hash, Attempt = 1, MaxAttempts = RetryPolicy.MaxAttempts, Fence = 1, Priority = 0,
        Worker = "worker-1", CancelRequested = false, Progress = Progress, Result = null, Failure = null, DependsOn = [], CreatedAt = Noon, StartedAt = Noon, FinishedAt = null,
    };

    static readonly JobEventView Line = new(17, Job, null, JobState.Queued, 0, null, "submitted", Noon);
    static readonly ApiKeyView StoredKey = new(Key, "ada", ApiKeyRole.Submitter, "laptop", Noon, null, Noon.AddDays(90));
    static readonly ModelResource Model = new(Hash, "teacher.pth.tar", 23_401_112, "ada", Noon);
    static readonly ExperimentDetail Detail = new(Summary, [new ExperimentJobView("train/net", false, View)], Spec);
    static readonly JobAsked Asked = new(RequestKind.Done, JobState.Paused, "'train net' is paused", [User], []);
    static readonly ExperimentAsked AllAsked = new(1, [new("train/net", Job, RequestKind.Done, JobState.Paused, "'train net' is paused")]);
    static readonly BulkDone Bulk = new(0, 0, []);

    static readonly SweepSpec SweptSpec = SweepReader.Read(SweepSubmission.Example().ToJsonString()).Spec!;
    static readonly Dictionary<ExperimentState, int> Points = new() { [ExperimentState.Running] = 1, [ExperimentState.Queued] = 1 };

    static readonly SweepSummary Swept = new(
        Guid.Parse(ExampleRequests.Sweep), SweptSpec.Name, SweptSpec.Title, "ada", ExperimentState.Running, 0, Hash, Points, [new(0, Points)],
        new Dictionary<JobState, int> { [JobState.Running] = 1, [JobState.Queued] = 1, [JobState.Blocked] = 2 }, null, Noon, null);

    static readonly SweepFilled Filled = new(Swept, 2, 4, 0);
    static readonly FiringView Fired = new(Noon.AddHours(-9), Noon.AddHours(-9), "host", Experiment, null);
    static readonly ScheduleResource Scheduled = new(
        Guid.Parse(ExampleRequests.Schedule), "nightly", "ada", "0 3 * * *", "UTC", MissedFirings.Once, "example", true, Noon.AddDays(-1), Noon.AddHours(15), Fired);

    static readonly RetentionReport Given = new(3, 120_000, 4, 1, 314_572_800, 120, ["2026_12"], []);

    static readonly Dictionary<string, object> ByOperation = new(StringComparer.Ordinal)
    {
        ["submitExperiment"] = Detail, ["showExperiment"] = Detail, ["listExperiments"] = new Page<ExperimentSummary>([Summary], "1023"),
        ["planExperiment"] = new PlanAnswer("example", Hash,
            [new("train/net", "train net", "train", Hash, [], null, null, 43.2, "median of 6 finished job(s): train of wide-resnet-10-1 on cpu, 1 thread(s)"), new("clean", "clean", "smoothing-eval", Hash, ["train/net"], null, null, null, WorkEstimate.NoBasis)],
            2, 43.2, 1),
        ["cancelExperiment"] = new ExperimentCancelled(["train/net"], [new KeptJob("clean", [User])]),
        ["pauseExperiment"] = AllAsked, ["resumeExperiment"] = AllAsked, ["retryExperiment"] = AllAsked, ["priorityExperiment"] = AllAsked, ["cancelExperiments"] = Bulk,
        ["listJobs"] = new Page<JobSummary>([Listed], null), ["showJob"] = new JobDetail(View, [Line], [new CheckpointInfo(Guid.Parse(ExampleRequests.Checkpoint), CheckpointRole.Output, "weights", 4, 0, 311_320, Hash)], [Experiment], null),
        ["cancelJob"] = new JobCancelled(CancelKind.Requested, [User]), ["pauseJob"] = Asked, ["resumeJob"] = Asked, ["retryJob"] = Asked, ["priorityJob"] = Asked,
        ["cancelJobs"] = Bulk, ["pauseJobs"] = Bulk, ["resumeJobs"] = Bulk, ["retryJobs"] = Bulk, ["priorityJobs"] = Bulk,
        ["jobEvents"] = new Page<JobEventView>([Line], null), ["jobMetrics"] = new Page<Metric>([new(901, 1, "train/loss", 1, 40, 1.875, null)], null),
        ["listModels"] = new Page<ModelResource>([Model], null), ["uploadModel"] = Model, ["showModel"] = Model,
        ["listWorkers"] = new[]
        {
            new WorkerView(new WorkerInfo("worker-1", "host", 4711, "cpu", 2, "0.1.0", "1.13.1"), Noon, Noon, true, ["train net"]) { FreeCores = 1, ImagesPerSecond = 812.5, Devices = [new DeviceReading("cpu", null, null, null, null)] },
        },
        ["showQueues"] = new QueuesAnswer([new QueueDepth("queued", "train", "cpu", 12, 3)], 12, 40.5, 2, [new Quota("ada", DeviceKind.Cpu, 4, "admin", Noon)]),
        ["listDatasets"] = new[] { new DatasetResource(DatasetName.Cifar10Mini, 2000, 1000, DatasetCatalog.Classes, "cifar10-mini", [new("train.bin", 2000, Hash)], "canonical") },
        ["listKeys"] = new Page<ApiKeyView>([StoredKey], null), ["currentKey"] = StoredKey,
        ["me"] = new Me("ada", ApiKeyRole.Submitter, ["experiments/cancel", "jobs/cancel", "jobs/retry"]),
        ["overview"] = new OverviewDocument(
            new Overview(Noon, [new QueueCount("train", JobState.Running, 1)], [new RunningJob(Job, "train net", "train", Experiment, "example", 1, RetryPolicy.MaxAttempts, "worker-1", Noon, Noon, Noon.AddSeconds(60), false, Progress)], [],
                [new TroubledJob(Job, "train net", "train", Experiment, "example", 1, RetryPolicy.MaxAttempts, new JobFailure(FailureKind.Permanent, "train.bin is cut short", ""), Noon, null)]),
            [], [Summary]),
        ["submitSweep"] = Filled, ["retrySweep"] = Filled, ["listSweeps"] = new Page<SweepSummary>([Swept], null), ["showSweep"] = new SweepDetail(Swept, SweptSpec),
        ["sweepPoints"] = new Page<SweepPointView>([new(0, 0, [JsonSerializer.SerializeToElement(0.003)], Experiment, ExperimentState.Running, null)], null),
        ["cancelSweep"] = new SweepCancelled(2, 0, 4),
        ["addSchedule"] = Scheduled, ["listSchedules"] = new[] { Scheduled }, ["showSchedule"] = new ScheduleDetail(Scheduled, [Fired]), ["pauseSchedule"] = Scheduled with { Enabled = false, Next = null },
        ["resumeSchedule"] = Scheduled, ["runRetention"] = Given,
        ["listChores"] = new[] { new ChoreRun(7, "retention", "host", false, Noon, Noon.AddSeconds(4), JsonSerializer.SerializeToElement(Given, SpecJson.Options), null) },
        ["createKey"] = new CreatedKey("kdr_" + new string('x', 43), StoredKey), ["rotateKey"] = new CreatedKey("kdr_" + new string('x', 43), StoredKey with { Replaces = Job }),
        ["listAudit"] = new Page<AuditLine>([new(5, Noon, Key, "ada", "cancelJob", $"job:{Job}", "requested")], null),
    };

    /// <summary>An operation's answer; null where it is not JSON.</summary>
    public static JsonNode? Of(string operation) =>
        ByOperation.GetValueOrDefault(operation) is { } answer ? JsonSerializer.SerializeToNode(answer, answer.GetType(), SpecJson.Options) : null;
}
