using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class NoiseStateTests : IDisposable
{
    static readonly LayerNoiseSpec[] Noises =
    [
        NoiseSpecs.White with { Activations = ActivationNoise.Both },
        Colored with { Activations = ActivationNoise.Both, Form = DiagonalForm.Softplus, FactorStart = FactorStart.Normal },
    ];

    readonly string _folder = Directory.CreateTempSubdirectory("kdr-noise-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [DeviceTheory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_state_dict_carries_every_parameter_of_the_noise(int noise)
    {
        using var scope = NewDisposeScope();
        using var from = Build(Noises[noise]);
        using var to = Build(Noises[noise], seed: 99);
        using (no_grad())
            foreach (var (_, parameter) in from.NoiseParameters)
                parameter.add_(arange(parameter.numel(), ScalarType.Float32).sin().reshape(parameter.shape).mul(0.01));
        var path = Path.Combine(_folder, "weights.safetensors");
        using (var stream = File.Create(path)) StateDictFile.Writer(from.Module, new Dictionary<string, string>()).WriteTo(stream);
        StateDictFile.Load(path, to.Module);

        foreach (var (name, parameter) in from.NoiseParameters) Same(parameter, to.Module.get_parameter(name)!).ShouldBeTrue(name);
        Same(Ask(from), Ask(to)).ShouldBeTrue();
        using var missing = Build(Noises[noise] with { Activations = ActivationNoise.Before });
        Should.Throw<RunInputException>(() => StateDictFile.Load(path, missing.Module)).Message.ShouldContain("output_noise_");
    }

    static Tensor Ask(Network network)
    {
        using var view = new NetworkView(network, null, new SeedTree(1));
        using var frozen = view.Freeze();
        return view.Logits(Images(2), Indices(2), new Draw(RandomStream.Report, 0, 0));
    }

    [DeviceTheory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_killed_and_resumed_training_is_bit_equal_to_an_undisturbed_one(int noise)
    {
        var payload = TinyExperiment.Train(new NetworkShape(TinyExperiment.Backbone, Noises[noise]), TinyExperiment.Clean(2) with
        {
            BatchSize = 8, MicroBatch = 8, Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch,
        }) with { Dataset = TinyExperiment.Dataset with { TrainImages = 12 } };
        var undisturbed = RecordedRun.Of(RecordedRun.Request(payload));
        var killed = RecordedRun.Of(RecordedRun.Request(payload), killAfter: e => e is CheckpointTaken { Epoch: 1 });
        var resume = Path.Combine(_folder, "resume.safetensors");
        File.WriteAllBytes(resume, killed.Checkpoints[^1].Bytes);
        var resumed = RecordedRun.Of(RecordedRun.Request(payload, null, resume));
        resumed.Output(OutputNames.Weights).ShouldBe(undisturbed.Output(OutputNames.Weights));
    }

    [DeviceTheory]
    [InlineData(0)]
    [InlineData(1)]
    public void Passes_leave_no_tensor_and_a_network_none_at_all(int noise)
    {
        Once(noise); // what is made once a process is made
        var before = LiveTensors.Count();
        Once(noise);
        LiveTensors.Count().ShouldBe(before);
    }

    static void Once(int noise)
    {
        using var network = Build(Noises[noise]);
        using var view = new NetworkView(network, null, new SeedTree(1));
        using var images = Images(2);
        long after = 0;
        for (var round = 0; round < 3; round++)
        {
            using (NewDisposeScope())
            {
                view.Logits(images, Indices(2), new Draw(RandomStream.Training, 0, round)).sum().backward();
                using var frozen = view.Freeze();
                for (var draw = 0; draw < 3; draw++) view.InputGradient(images, Indices(2), new Draw(RandomStream.Craft, 0, draw), logits => logits.sum(1));
            }
            if (round == 1) after = TensorStatistics.Live;
            if (round == 2) TensorStatistics.Live.ShouldBe(after);
        }
    }
}
