using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Support;
using KdRobust.Learning.Tests.Noise;
using KdRobust.Learning.Weights;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Shards put together are the whole to the last bit, of every kind of evaluation and for every size of shard, the last one short.</summary>
public sealed class ShardRunTests(TrainedFiles files) : IClassFixture<TrainedFiles>, IDisposable
{
    static readonly NetworkShape White = Networks.Shape(NoiseSpecs.White with { Activations = ActivationNoise.Before }, Networks.Wide());

    readonly string _folder = Directory.CreateTempSubdirectory("kdr-shards-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static DatasetSpec Dataset(DataSplit split, int images) => TinyExperiment.Dataset with { TrainImages = split == DataSplit.Train ? images : 0, TestImages = split == DataSplit.Test ? images : 0 };

    static SmoothingEvalPayload Ask(ViewShape view, int images, int draws, Aggregation? stopFor = null, DataSplit split = DataSplit.Test, LabelViews? views = null) => new()
    {
        Seed = 7, Dataset = Dataset(split, images), Compute = TinyExperiment.Compute, View = view, Draws = draws, StopFor = stopFor, Split = split, Images = images,
        KeepLabels = split == DataSplit.Train, LabelViews = views,
    };

    static TransferAttackPayload Attack(ViewShape attacker, AttackSpec attack, int images, int curveDraws, params TargetShape[] targets) => new()
    {
        Seed = 7, Dataset = Dataset(DataSplit.Test, images), Compute = TinyExperiment.Compute, View = attacker, Attack = attack, Images = images, Targets = targets, CurveDraws = curveDraws,
    };

    string WeightsOf(NetworkShape network)
    {
        if (network.Noise is NoNoiseSpec) return files.Plain;
        if (network.Noise is ColoredNoiseSpec) return files.Colored;
        // Of noise in activations only that it is there matters: weights as they begin.
        using var built = Networks.Build(network.Noise, architecture: network.Architecture);
        return Save(StateDictFile.Writer(built.Module, new Dictionary<string, string>()));
    }

    string Save(SafetensorsWriter writer)
    {
        using var bytes = new MemoryStream();
        writer.WriteTo(bytes);
        return Save(bytes.ToArray());
    }

    string Save(byte[] bytes)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    Dictionary<string, string> Inputs(ImagesPayload payload)
    {
        var inputs = new Dictionary<string, string>();
        switch (payload)
        {
            case SmoothingEvalPayload evaluation:
                inputs[InputRoles.Weights] = WeightsOf(evaluation.View.Network);
                break;
            case TransferAttackPayload attack:
                inputs[InputRoles.Weights] = WeightsOf(attack.View.Network);
                for (var i = 0; i < attack.Targets.Count; i++) inputs[InputRoles.Target(i)] = WeightsOf(attack.Targets[i].View.Network);
                break;
        }
        return inputs;
    }

    RecordedRun Merged(ImagesPayload whole, Dictionary<string, string> inputs, int size)
    {
        var ranges = ImageRange.Cut(whole.Images, size);
        ranges.Count.ShouldBeGreaterThan(1);
        var parts = new Dictionary<string, string>();
        // In any order: no shard knows of another.
        foreach (var (range, i) in ranges.Select((range, i) => (range, i)).Reverse())
        {
            var shard = RecordedRun.Of(RecordedRun.Request(whole with { Shard = range }, inputs));
            shard.Checkpoints.ShouldHaveSingleItem().Event.Name.ShouldBe(OutputNames.Part);
            parts[InputRoles.Shard(i)] = Save(shard.Output(OutputNames.Part));
        }
        return RecordedRun.Of(RecordedRun.Request(MergeOf(whole, ranges), parts));
    }

    static MergePayload MergeOf(ImagesPayload whole, IReadOnlyList<ImageRange> ranges) =>
        new() { Seed = whole.Seed, Dataset = whole.Dataset, Compute = whole.Compute, Whole = whole, Shards = ranges };

    static string Text(RecordedRun run) => CanonicalJson.Of<JobResult>(run.Result<JobResult>() with { Seconds = 0 });

    RecordedRun ShouldBeTheWhole(ImagesPayload whole, params int[] sizes)
    {
        var inputs = Inputs(whole);
        var expected = RecordedRun.Of(RecordedRun.Request(whole, inputs));
        foreach (var size in sizes)
        {
            var merged = Merged(whole, inputs, size);
            Text(merged).ShouldBe(Text(expected), $"shards of {size}");
            merged.Metrics.ShouldBe(expected.Metrics);
            merged.Checkpoints.Select(c => c.Event.Name).ShouldBe(expected.Checkpoints.Select(c => c.Event.Name));
            foreach (var name in expected.Checkpoints.Select(c => c.Event.Name)) merged.Output(name).ShouldBe(expected.Output(name), $"{name}, shards of {size}");
        }
        return expected;
    }

    static ViewShape Colored(double sigma = 0, DrawSharing sharing = DrawSharing.Shared) => TinyExperiment.View(TinyExperiment.Colored, sigma) with { Sharing = sharing };

    [DeviceFact]
    public void Of_an_evaluation_with_intervals_over_draws()
    {
        var payload = Ask(Colored(0.2), 520, 8);
        ShouldBeTheWhole(payload, 256).Result<SmoothingEvalResult>().Count.Of(Aggregation.Votes).OverDraws.ShouldNotBeNull();
    }

    [DeviceFact]
    public void Of_a_deterministic_network() => ShouldBeTheWhole(Ask(TinyExperiment.View(TinyExperiment.Plain), 620, 1000), 256, 512);

    [DeviceTheory]
    [InlineData(Aggregation.Votes)]
    [InlineData(Aggregation.MeanProbability)]
    public void Of_images_that_leave_early(Aggregation stopFor)
    {
        var count = ShouldBeTheWhole(Ask(Colored(0.2), 300, 10, stopFor), 256).Result<SmoothingEvalResult>().Count;
        count.MeanDraws.ShouldBeInRange(5, 9.999, "some leave and some stay");
    }

    [DeviceFact]
    public void Of_draws_of_the_weights_that_every_image_has_for_itself() => ShouldBeTheWhole(Ask(Colored(0.1, DrawSharing.Image), 258, 1), 256);

    [DeviceFact]
    public void Of_noise_in_activations() => ShouldBeTheWhole(Ask(TinyExperiment.View(White, 0.1), 270, 2), 256);

    [DeviceFact]
    public void Of_a_teachers_labels() => ShouldBeTheWhole(Ask(Colored(0.2), 270, 8, split: DataSplit.Train), 256);

    [DeviceTheory]
    [InlineData(4, true)]
    [InlineData(0, false)]
    public void Of_labels_of_fixed_views(int padding, bool flip) =>
        ShouldBeTheWhole(Ask(Colored(), 270, 1, split: DataSplit.Train, views: new(new() { CropPadding = padding, Flip = flip }, 2)), 256);

    [DeviceFact]
    public void Of_an_attack_in_expectation_from_random_starts_judged_with_intervals_and_curves()
    {
        var attack = Networks.Attack(steps: 1, step: 4 / 255.0, randomStart: true) with
        {
            Restarts = 2, Keep = KeepIterate.Best, SelectingDraws = 2, Expectation = new() { Draws = 2, Of = ExpectationOf.MeanProbability },
        };
        var payload = Attack(Colored(0.1), attack, 264, 1, new TargetShape(TinyExperiment.View(TinyExperiment.Plain), 1, null), new TargetShape(Colored(0.2), 8, null));
        ShouldBeTheWhole(payload, 256);
    }

    [DeviceFact]
    public void Of_an_attack_with_frozen_images_judged_by_one_that_lets_images_leave()
    {
        var attack = Networks.Attack(steps: 2, step: 4 / 255.0, randomStart: true) with { Keep = KeepIterate.Frozen, Gradient = StepGradient.Accumulated, Target = AttackTarget.Random };
        ShouldBeTheWhole(Attack(Colored(), attack, 300, 0, new TargetShape(Colored(0.2), 6, Aggregation.Votes)), 256);
    }

    [DeviceFact]
    public void Of_an_attack_in_l2_by_the_divergence_from_the_clean_answer_and_of_one_without_targets()
    {
        var l2 = Networks.Attack(steps: 1, epsilon: 0.5, step: 0.2, randomStart: true) with { Norm = AttackNorm.L2, Loss = AttackLoss.Kl };
        ShouldBeTheWhole(Attack(Colored(0.1), l2, 264, 0, new TargetShape(Colored(), 3, null)), 256);
        var fgsm = new FgsmSpec { Norm = AttackNorm.Linf, Epsilon = Fraction.Of(8, 255), Loss = AttackLoss.Margin, Target = AttackTarget.LeastLikely, Expectation = null };
        ShouldBeTheWhole(Attack(TinyExperiment.View(TinyExperiment.Plain), fgsm, 264, 0), 256);
    }

    [DeviceTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_any_number_of_images_in_shards_of_any_size(int seed)
    {
        var random = new Random(seed);
        var images = random.Next(257, 800);
        var sizes = Enumerable.Range(1, 4).Select(blocks => blocks * ImageRange.Block).Where(size => size < images).ToArray();
        ShouldBeTheWhole(Ask(Colored(0.1 * random.Next(0, 3)), images, random.Next(1, 4), random.Next(2) == 0 ? null : Aggregation.Votes), sizes);
    }

    [DeviceFact]
    public void Shards_in_the_wrong_places_are_refused_and_so_is_a_file_that_is_none()
    {
        var whole = Ask(TinyExperiment.View(TinyExperiment.Plain), 300, 1);
        var inputs = Inputs(whole);
        var ranges = ImageRange.Cut(300, 256);
        var parts = ranges.Select(range => Save(RecordedRun.Of(RecordedRun.Request(whole with { Shard = range }, inputs)).Output(OutputNames.Part))).ToList();
        RunInputException Refused(string first, string second) => Should.Throw<RunInputException>(() => RecordedRun.Of(RecordedRun.Request(
            MergeOf(whole, ranges), new Dictionary<string, string> { [InputRoles.Shard(0)] = first, [InputRoles.Shard(1)] = second })));

        Refused(parts[1], parts[0]).Message.ShouldContain("holds images 256-299, expected the shard of images 0-255");
        Refused(parts[0], files.Plain).Message.ShouldContain("holds images of no shard, expected the shard of images 256-299");
    }

    [DeviceFact]
    public void What_shards_differ_in_stands_in_the_provenance()
    {
        var one = new RunProvenance("1.0", "1.13.0", "openblas", "cpu", 1);
        RunProvenance.Together([one, one]).ShouldBe(one);
        RunProvenance.Together([one, one with { Build = "1.1" }, one]).ShouldBe(one with { Build = "1.0 and 1.1" });
    }

    [DeviceFact]
    public void A_stopped_merge_says_so()
    {
        var stop = new StopSignal();
        stop.Request(StopReason.Drain);
        RecordedRun.Of(RecordedRun.Request(MergeOf(Ask(Colored(), 300, 1), ImageRange.Cut(300, 256))), stop: stop).Events.ShouldBe([new RunStopped(StopReason.Drain)]);
    }

    [DeviceFact]
    public void A_merge_holds_nothing_when_it_ends()
    {
        var whole = Ask(Colored(0.2), 258, 8, split: DataSplit.Train);
        var inputs = Inputs(whole);
        Merged(whole, inputs, 256);
        var before = Torch.TensorStatistics.Live;
        Merged(whole, inputs, 256);
        Torch.TensorStatistics.Live.ShouldBe(before);
    }
}
