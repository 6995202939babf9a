using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class SmoothingRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-smoothing-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Weights of a network that was not trained: what is asked here is how, not how well.
    string Weights(NetworkShape? shape = null)
    {
        using var network = Networks.Build((shape ?? TinyExperiment.Colored).Noise);
        return Write(StateDictFile.Writer(network.Module, new Dictionary<string, string>()));
    }

    string Write(SafetensorsWriter file)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.safetensors");
        using var stream = File.Create(path);
        file.WriteTo(stream);
        return path;
    }

    static SmoothingEvalPayload Evaluate(int draws, DrawSharing sharing = DrawSharing.Shared, Aggregation? stopFor = null, double sigma = 0, DataSplit split = DataSplit.Test)
    {
        var payload = TinyExperiment.Evaluate(TinyExperiment.Colored, split, draws, sigma);
        return payload with { View = payload.View with { Sharing = sharing }, StopFor = stopFor };
    }

    static AggregatedCount Count(SmoothingEvalPayload payload, string weights) => Run(payload, weights).Result<SmoothingEvalResult>().Count;

    static RecordedRun Run(SmoothingEvalPayload payload, string weights) =>
        RecordedRun.Of(RecordedRun.Request(payload, new Dictionary<string, string> { [InputRoles.Weights] = weights }));

    [DeviceFact]
    public void All_aggregations_are_counted_from_the_same_draws_with_an_interval_each()
    {
        var count = Count(Evaluate(draws: 9), Weights());
        count.Aggregations.Select(a => a.Aggregation).ShouldBe(Enum.GetValues<Aggregation>());
        (count.Images, count.Draws, count.MeanDraws).ShouldBe((30, 9, 9));
        foreach (var aggregation in count.Aggregations)
        {
            var interval = aggregation.OverDraws.ShouldNotBeNull();
            (interval.Groups, interval.Replicates).ShouldBe((9, 1000));
            interval.Lower.ShouldBeInRange(0, aggregation.Correct / 30.0);
            interval.Upper.ShouldBeInRange(aggregation.Correct / 30.0, 1);
            interval.Upper.ShouldBeGreaterThan(interval.Lower);
        }
    }

    [DeviceFact]
    public void Intervals_over_draws_need_enough_draws_that_differ()
    {
        var (colored, plain) = (Weights(), Weights(TinyExperiment.Plain));
        Count(Evaluate(draws: 7), colored).Aggregations.ShouldAllBe(a => a.OverDraws == null);
        Count(Evaluate(draws: 9, stopFor: Aggregation.Votes), colored).Aggregations.ShouldAllBe(a => a.OverDraws == null);
        Count(TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, 9), plain).Aggregations.ShouldAllBe(a => a.OverDraws == null);
        Count(TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, 9, sigma: 0.1), plain).Aggregations.ShouldAllBe(a => a.OverDraws != null);
    }

    [DeviceTheory]
    [InlineData(Aggregation.Votes)]
    [InlineData(Aggregation.MeanProbability)]
    [InlineData(Aggregation.RankVote)]
    public void An_early_stop_asks_less_and_finds_the_same_images(Aggregation aggregation)
    {
        var weights = Weights();
        // With a draw an image no batch can change a bit.
        var all = Count(Evaluate(draws: 7, DrawSharing.Image), weights);
        var some = Count(Evaluate(draws: 7, DrawSharing.Image, aggregation), weights);
        some.Aggregations.ShouldHaveSingleItem().Aggregation.ShouldBe(aggregation);
        some.Of(aggregation).Right.ShouldBe(all.Of(aggregation).Right);
        (some.Draws, all.MeanDraws).ShouldBe((7, 7));
        some.MeanDraws.ShouldBeInRange(4 * 511.0 / 512, 6.999);
    }

    [DeviceFact]
    public void Labels_that_would_stop_early_are_refused_before_anything_is_asked()
    {
        var payload = Evaluate(draws: 4, stopFor: Aggregation.Votes, split: DataSplit.Train);
        Should.Throw<RunInputException>(() => Run(payload, "nowhere")).Message.ShouldContain("stopFor: Votes");
    }

    [DeviceFact]
    public void A_draw_an_image_gives_an_image_the_same_answers_among_fewer_images()
    {
        var weights = Weights();
        var many = Evaluate(draws: 3, DrawSharing.Image, sigma: 0.1);
        var (thirty, seven) = (Count(many, weights), Count(many with { Images = 7 }, weights));
        foreach (var aggregation in Enum.GetValues<Aggregation>())
            for (var image = 0; image < 7; image++)
                seven.Of(aggregation).Right.Contains(image).ShouldBe(thirty.Of(aggregation).Right.Contains(image));

        var labels = many with { KeepLabels = true };
        var (own, shared) = (Run(labels, weights).Output(OutputNames.Labels), Run(labels with { View = labels.View with { Sharing = DrawSharing.Shared } }, weights).Output(OutputNames.Labels));
        own.ShouldNotBe(shared);
    }

    [DeviceFact]
    public void An_attack_of_radius_zero_on_images_with_their_own_draws_is_the_clean_evaluation()
    {
        var weights = Weights();
        var evaluation = Evaluate(draws: 8, DrawSharing.Image);
        TransferAttackPayload Transfer(AttackSpec attack, DrawSharing attacker) => new()
        {
            Seed = 7, Dataset = TinyExperiment.Dataset, Compute = TinyExperiment.Compute, View = evaluation.View with { Sharing = attacker }, Attack = attack, Images = 30,
            Targets = [new TargetShape(evaluation.View, 8, null), new TargetShape(evaluation.View, 8, Aggregation.Votes)], CurveDraws = 0,
        };
        TransferAttackResult Attack(TransferAttackPayload payload) => RecordedRun.Of(RecordedRun.Request(payload, new Dictionary<string, string>
        {
            [InputRoles.Weights] = weights, [InputRoles.Target(0)] = weights, [InputRoles.Target(1)] = weights,
        })).Result<TransferAttackResult>();

        var nothing = Attack(Transfer(TinyExperiment.Attack with { Epsilon = Fraction.Of(0), RandomStart = false, Steps = 1 }, DrawSharing.Image));
        var clean = Count(evaluation, weights);
        nothing.Targets[0].ShouldBe(clean);
        nothing.Targets[1].Aggregations.ShouldHaveSingleItem().Right.ShouldBe(clean.Of(Aggregation.Votes).Right);
        nothing.Targets[1].MeanDraws.ShouldBeLessThan(8);

        var attack = TinyExperiment.Attack with { RandomStart = false };
        Attack(Transfer(attack, DrawSharing.Image)).CorrectAtStep.ShouldNotBe(Attack(Transfer(attack, DrawSharing.Shared)).CorrectAtStep, "the attacker's own draws differ, so do its answers");
    }

    [DeviceFact]
    public void A_view_without_weight_noise_is_the_mean_network()
    {
        var colored = Weights();
        using var scope = NewDisposeScope();
        using var file = SafetensorsReader.Open(colored);
        var mean = Write(new SafetensorsWriter(
            file.Header.Entries.Where(e => !e.Name.Contains("weight_noise", StringComparison.Ordinal)).ToDictionary(e => e.Name, e => file.Load(e.Name)),
            new Dictionary<string, string>()));
        var off = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, 5);
        off = off with { View = off.View with { WeightNoise = false } };
        var plain = TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Train, 5);

        var (asked, expected) = (Run(off, colored), Run(plain, mean));

        asked.Result<SmoothingEvalResult>().Count.ShouldBe(expected.Result<SmoothingEvalResult>().Count);
        asked.Result<SmoothingEvalResult>().Count.MeanDraws.ShouldBe(1);
        asked.Output(OutputNames.Labels).ShouldBe(expected.Output(OutputNames.Labels));
        Run(TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, 5), colored).Output(OutputNames.Labels).ShouldNotBe(expected.Output(OutputNames.Labels));
    }

    [DeviceFact]
    public void Label_files_carry_the_true_classes()
    {
        var path = Path.Combine(_folder, "labels.safetensors");
        File.WriteAllBytes(path, Run(Evaluate(draws: 2, split: DataSplit.Train), Weights()).Output(OutputNames.Labels));
        using var file = SafetensorsReader.Open(path);
        file.Header.Entries.Select(e => e.Name).ShouldBe([TeacherLabels.Votes, TeacherLabels.MeanProbability, TeacherLabels.Classes], ignoreOrder: true);
        using var classes = file.Load(TeacherLabels.Classes);
        classes.cpu().data<byte>().ToArray().ShouldBe(SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages).Labels);
    }

    [DeviceFact]
    public void A_run_that_ended_holds_nothing()
    {
        var weights = Weights();
        Run(Evaluate(draws: 8, DrawSharing.Image, sigma: 0.1, split: DataSplit.Train), weights);
        var before = LiveTensors.Count();
        Run(Evaluate(draws: 8, DrawSharing.Image, sigma: 0.1, split: DataSplit.Train), weights);
        Run(Evaluate(draws: 8, stopFor: Aggregation.MeanProbability), weights);
        LiveTensors.Count().ShouldBe(before);
    }
}
