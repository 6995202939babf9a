using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;
using KdRobust.Support;
using KdRobust.Torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class LocalExperimentTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-local-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The paper's chain in small: noisy teacher, its labels, a student taught by them, an evaluation of each, a transfer.
    static ExperimentSpec Chain(DatasetName dataset = DatasetName.Synthetic) => new()
    {
        Name = "chain",
        Title = "chain",
        Notes = [],
        Expected = null,
        Seed = 3,
        Dataset = TinyExperiment.Dataset with { Name = dataset },
        Compute = TinyExperiment.Compute,
        Models = new Dictionary<string, ModelSpec>
        {
            ["teacher"] = new() { Architecture = TinyExperiment.Backbone, Noise = TinyExperiment.Noise, Weights = TinyExperiment.Clean(2) },
            ["student"] = new()
            {
                Architecture = TinyExperiment.Backbone, Noise = new NoNoiseSpec(),
                Weights = TinyExperiment.Clean(2) with { Distillation = TinyExperiment.Distillation with { Teacher = "teacher" } },
            },
        },
        Views = new Dictionary<string, ViewSpec>
        {
            ["teacher"] = new() { Model = "teacher", Checkpoint = ModelCheckpoint.Last, WeightNoise = true, InputNoise = null, Aggregation = Aggregation.Votes, Draws = 3, Sharing = DrawSharing.Shared, EarlyStop = false },
            ["student"] = new() { Model = "student", Checkpoint = ModelCheckpoint.Last, WeightNoise = true, InputNoise = null, Aggregation = Aggregation.Votes, Draws = 1, Sharing = DrawSharing.Shared, EarlyStop = false },
        },
        Evaluations = new Dictionary<string, EvaluationSpec>
        {
            ["clean-teacher"] = new() { View = "teacher", Images = 30 },
            ["clean-student"] = new() { View = "student", Images = 30 },
        },
        Transfers = new Dictionary<string, TransferSpec>
        {
            ["student-8"] = new() { Attacker = "student", Attack = TinyExperiment.Attack, Targets = ["teacher", "student"], CurveDraws = 0, Images = 30 },
        },
        Tables = [],
        Figures = [],
        Comparisons = [],
    };

    static IReadOnlyList<LocalJob> Run(string folder, ExperimentSpec spec, Action<PlannedJob, RunEvent>? onEvent = null, StopSignal? stop = null) =>
        new LocalExperiment(ExperimentPlan.Of(spec), folder, null).Run(_ => { }, onEvent ?? ((_, _) => { }), _ => { }, stop ?? new StopSignal());

    /// <summary>On a GPU a tensor that was made without a device would lie in host memory and meet those of the run.</summary>
    [DeviceFact]
    public void Every_tensor_of_a_run_is_told_its_device()
    {
        IReadOnlyList<LocalJob> jobs;
        using (DefaultDevice.None()) jobs = Run(_folder, Chain());

        jobs.ShouldAllBe(job => job.End == LocalJobEnd.Computed, string.Join("; ", jobs.Select(job => job.Failure)));
    }

    [DeviceFact]
    public void A_job_is_told_before_its_work_begins_and_only_when_it_is_computed()
    {
        var told = new List<string>();
        void Run() => new LocalExperiment(ExperimentPlan.Of(Chain()), _folder, null)
            .Run(job => told.Add($"begin {job.Key}"), (job, _) => told.Add(job.Key), job => told.Add($"end {job.Job.Key}"), new StopSignal());
        Run();

        var events = told.Where(line => !line.Contains(' ', StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        events.Count.ShouldBe(6);
        foreach (var key in events)
        {
            told.IndexOf($"begin {key}").ShouldBeLessThan(told.IndexOf(key));
            told.LastIndexOf(key).ShouldBeLessThan(told.IndexOf($"end {key}"));
        }
        told.Clear();
        Run();
        told.ShouldAllBe(line => line.StartsWith("end ", StringComparison.Ordinal));
    }

    [DeviceFact]
    public void Only_the_jobs_chosen_are_computed_and_what_others_left_is_used()
    {
        var plan = ExperimentPlan.Of(Chain());
        IReadOnlyList<LocalJob> Only(params string[] keys)
        {
            var told = new List<string>();
            var ended = new LocalExperiment(plan, _folder, null, null, keys.ToHashSet(StringComparer.Ordinal)).Run(_ => { }, (_, _) => { }, job => told.Add(job.Job.Key), new StopSignal());
            told.ShouldBe(keys, ignoreOrder: true);
            return ended;
        }

        Only("train/student").Single(job => job.Job.Key == "train/student").Failure.ShouldNotBeNull().ShouldContain("has no result");
        Only("train/teacher", "labels/teacher").Count(job => job.Result is not null).ShouldBe(2);
        Only("train/student").Single(job => job.Job.Key == "train/student").End.ShouldBe(LocalJobEnd.Computed);
    }

    // What must not depend on when and how often it was computed.
    static List<string> Numbers(IEnumerable<LocalJob> jobs) =>
    [
        .. jobs.Select(j => $"{j.Job.Key}: {CanonicalJson.Of(j.Result! with { Seconds = 0 })} {string.Join(";", j.Metrics)}"),
    ];

    [DeviceFact]
    public void A_plan_runs_whole_and_is_reused_when_run_again()
    {
        var first = Run(_folder, Chain());
        var again = Run(_folder, Chain());

        first.Select(j => j.End).ShouldAllBe(end => end == LocalJobEnd.Computed);
        first.Count.ShouldBe(6);
        again.Select(j => j.End).ShouldAllBe(end => end == LocalJobEnd.Reused);
        Numbers(again).ShouldBe(Numbers(first));
    }

    [DeviceFact]
    public void Stopped_or_killed_anywhere_it_goes_on_to_the_same_numbers()
    {
        var undisturbed = Run(Path.Combine(_folder, "undisturbed"), Chain());

        var folder = Path.Combine(_folder, "disturbed");
        // A drain in the student's first epoch's checkpoint, then a kill inside the attack.
        var stop = new StopSignal();
        var stopped = Run(folder, Chain(), (job, e) =>
        {
            if (job.Key == "train/student" && e is CheckpointTaken) stop.Request(StopReason.Drain);
        }, stop);
        stopped[^1].End.ShouldBe(LocalJobEnd.Stopped);
        Should.Throw<InvalidOperationException>(() => Run(folder, Chain(), (job, _) =>
        {
            if (job.Key == "attack/student-8") throw new InvalidOperationException("killed");
        }));
        var resumed = Run(folder, Chain());

        Numbers(resumed).ShouldBe(Numbers(undisturbed));
        resumed.Count(j => j.End == LocalJobEnd.Reused).ShouldBeGreaterThanOrEqualTo(3);
    }

    // The chain over more than one block of images.
    static ExperimentSpec Long(int? shardImages)
    {
        var chain = Chain();
        return chain with
        {
            Dataset = chain.Dataset with { TrainImages = 260, TestImages = 260 },
            Compute = chain.Compute with { ShardImages = shardImages },
            Evaluations = chain.Evaluations.ToDictionary(e => e.Key, e => e.Value with { Images = 260 }),
            Transfers = chain.Transfers.ToDictionary(t => t.Key, t => t.Value with { Images = 260 }),
        };
    }

    [DeviceFact]
    public void A_plan_in_shards_gives_the_numbers_of_the_whole_and_takes_what_was_computed_whole()
    {
        var whole = Run(Path.Combine(_folder, "whole"), Long(null));
        var cut = Run(Path.Combine(_folder, "cut"), Long(256));
        var again = Run(Path.Combine(_folder, "whole"), Long(256));

        cut.Count(j => j.Job.ShardOf is not null).ShouldBe(4 * 2);
        cut.ShouldAllBe(j => j.End == LocalJobEnd.Computed);
        Numbers(cut.Where(j => j.Job.ShardOf is null)).ShouldBe(Numbers(whole));
        again.ShouldAllBe(j => j.End == LocalJobEnd.Reused);
        Numbers(again.Where(j => j.Job.ShardOf is null)).ShouldBe(Numbers(whole));
    }

    [DeviceFact]
    public void A_failed_job_skips_its_children_with_a_reason()
    {
        var jobs = Run(_folder, Chain(DatasetName.Cifar10Mini) with { Dataset = new() { Name = DatasetName.Cifar10Mini, TrainImages = 40, TestImages = 30 } });

        jobs[0].ShouldSatisfyAllConditions(
            j => j.Job.Key.ShouldBe("train/teacher"),
            j => j.End.ShouldBe(LocalJobEnd.Failed),
            j => j.Failure!.ShouldContain("KDR_DATA"));
        jobs.Skip(1).Select(j => j.End).ShouldAllBe(end => end == LocalJobEnd.Skipped);
        jobs.Single(j => j.Job.Key == "train/student").Failure!.ShouldContain("label by teacher");
    }
}
