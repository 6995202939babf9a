using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Learning.Weights.Export;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>A student that was trained here answers the same images rightly in PyTorch, clean and attacked.</summary>
public sealed class ExportedStudentTests : IDisposable
{
    const int Images = 200;
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kdr-student-");

    public void Dispose() => _folder.Delete(recursive: true);

    [StudentFact]
    public async Task A_trained_student_is_right_about_as_many_images_in_PyTorch_as_here()
    {
        var dataset = new DatasetSpec { Name = DatasetName.Cifar10Mini, TrainImages = 500, TestImages = Images };
        var training = TinyExperiment.Clean(3) with { BatchSize = 25, MicroBatch = 25, Augmentation = new() { CropPadding = 0, Flip = true } };
        var weights = At("student.safetensors");
        File.WriteAllBytes(weights, RecordedRun.Of(RecordedRun.Request(
            TinyExperiment.Train(TinyExperiment.Plain, training) with { Dataset = dataset }, dataFolder: TestEnvironment.Data)).Output(OutputNames.Weights));
        WeightsExport.Write(weights, At("student.pt"));

        var inputs = new Dictionary<string, string> { [InputRoles.Weights] = weights, [InputRoles.Target(0)] = weights };
        var clean = RecordedRun.Of(RecordedRun.Request(
            TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, 1) with { Dataset = dataset, Images = Images }, inputs, dataFolder: TestEnvironment.Data)).Result<SmoothingEvalResult>();
        var view = TinyExperiment.View(TinyExperiment.Plain);
        var attacked = RecordedRun.Of(RecordedRun.Request(
            new TransferAttackPayload
            {
                Seed = 7, Dataset = dataset, Compute = TinyExperiment.Compute, View = view, Attack = Networks.Attack(steps: 5, epsilon: 2 / 255.0, step: 0.5 / 255),
                Images = Images, Targets = [new(view, 1, null)], CurveDraws = 0,
            }, inputs, dataFolder: TestEnvironment.Data)).Result<TransferAttackResult>();

        var peer = await PythonTorch.Run(Repository.At("bench", "peers", "pgd_accuracy.py"),
            [At("student.pt"), Path.Combine(TestEnvironment.Data!, "cifar10-mini", "test.bin"), "--arch", "wrn-10-1", "--mean", ".491,.482,.447", "--std", ".247,.243,.262",
                "--images", $"{Images}", "--eps", "2/255", "--step", ".5/255", "--steps", "5"]);
        peer.ExitCode.ShouldBe(0, peer.Text);
        using var answer = JsonDocument.Parse(peer.Output);
        int Peer(string what) => answer.RootElement.GetProperty(what).GetProperty("correct").GetInt32();
        Peer("clean").ShouldBe(clean.Count.Correct(Aggregation.Votes));
        clean.Count.Correct(Aggregation.Votes).ShouldBeGreaterThan(Images / 5, "a student that learnt nothing proves nothing");
        // Sums of gradients in another order may turn the sign of a gradient near zero, and with it one image at the boundary.
        Peer("pgd").ShouldBeInRange(attacked.Targets[0].Correct(Aggregation.Votes) - 1, attacked.Targets[0].Correct(Aggregation.Votes) + 1);
    }

    string At(string name) => Path.Combine(_folder.FullName, name);
}

/// <summary>Needs the images and python3-torch.</summary>
public sealed class StudentFactAttribute() : DeviceFactAttribute(new DataFactAttribute().Skip ?? new PythonTorchFactAttribute().Skip);
