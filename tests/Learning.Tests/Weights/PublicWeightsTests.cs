using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Export;
using KdRobust.Learning.Weights.Import;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>Weights that others published: read, evaluated, exported, and evaluated by PyTorch.</summary>
public sealed class PublicWeightsTests
{
    const string Padded = "resnet20-12fca82f.th", Projected = "siam-regular-resnet20.pth.tar";
    static readonly NormalizationSpec ImageNet = new() { Mean = [0.485, 0.456, 0.406], Std = [0.229, 0.224, 0.225] };

    static string At(string file) => Path.Combine(TestEnvironment.Weights!, file);

    static (NetworkShape Shape, string File) Case(bool projected) => projected
        ? (new(Cifar(20, ResNetShortcut.Projection), new NoNoiseSpec()), Projected)
        : (new(Cifar(20, ResNetShortcut.Pad) with { Normalize = ImageNet }, new NoNoiseSpec()), Padded);

    static Network Import(bool projected)
    {
        var (shape, file) = Case(projected);
        var description = WeightsDescription.Of(At(file), shape);
        description.Rename!.Select(rule => $"{rule.From}->{rule.To}").ShouldBe(projected ? [] : ["module.->"]);
        var network = ModelCatalog.Build(shape, new SeedTree(0), DefaultDevice.OfProcess);
        using var weights = WeightsFile.Open(At(file));
        var rules = new ImportSpec { Sha256 = description.Sha256, Rename = description.Rename!, Skip = [] };
        ImportedWeights.Load(weights, KeyMapping.Of(weights, rules), network.Module.state_dict());
        return network;
    }

    [WeightsFact]
    public void Names_shapes_and_types_are_those_on_record()
    {
        using var record = JsonDocument.Parse(File.ReadAllText(At("state-dicts.json")));
        foreach (var entry in record.RootElement.EnumerateObject())
        {
            using var file = WeightsFile.Open(At(entry.Name));
            file.Source.ShouldBe("PyTorch legacy file, state_dict");
            file.Others.ShouldBeEmpty();
            file.Tensors.Select(tensor => $"{tensor.Name} {JsonSerializer.Serialize(tensor.Shape)} torch.{(tensor.Type == ElementType.I64 ? "int64" : "float32")}")
                .ShouldBe(entry.Value.GetProperty("keys").EnumerateObject().Select(key => $"{key.Name} {JsonSerializer.Serialize(key.Value[0])} {key.Value[1].GetString()}"));
        }
    }

    [InteropTheory]
    [Trait("Category", "Golden")]
    [InlineData(false, "interop_resnet20_12fca82f")]
    [InlineData(true, "interop_siam_regular_resnet20")]
    public void Logits_and_input_gradients_are_the_golden_ones(bool projected, string name)
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        using var network = Import(projected);
        using var view = new NetworkView(network, null, new SeedTree(0));
        using var frozen = view.Freeze();
        var labels = GoldenLabels(golden);

        var (gradient, logits) = view.InputGradient(GoldenImages(golden), Indices(16), default, 
            outputs => nn.functional.cross_entropy(outputs, labels, reduction: nn.Reduction.None).div(16));

        LargestDifference(logits, GoldenTensor(golden, $"{name}_logits")).ShouldBeLessThan(TestDevice.Tolerance(3e-5));
        nn.functional.cross_entropy(logits, labels).item<float>().ShouldBe((float)golden.Scalar($"{name}_ce"), 1e-5f);
        var expected = GoldenTensor(golden, $"{name}_input_grad");
        LargestDifference(gradient, expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * expected.abs().max().item<float>());
    }

    [PublicTwinTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_export_is_right_about_as_many_images_in_PyTorch_as_here(bool projected)
    {
        const int count = 500;
        var folder = Directory.CreateTempSubdirectory("kdr-twin-");
        try
        {
            int right;
            using (var scope = NewDisposeScope())
            using (var network = Import(projected))
            {
                var set = DatasetReader.Read(new() { Name = DatasetName.Cifar10Mini, TrainImages = 0, TestImages = count }, DataSplit.Test, TestEnvironment.Data!);
                right = Right(network, set.Pixels, set.Labels, count);
                // Records of the binary layout, under the name that the peer reads.
                File.WriteAllBytes(Path.Combine(folder.FullName, "test_batch.bin"), [.. Enumerable.Range(0, count).SelectMany(i => set.Pixels[(3072 * i)..(3072 * (i + 1))].Prepend((byte)set.Labels[i]))]);
                using (var stream = File.Create(Path.Combine(folder.FullName, "w.safetensors")))
                    StateDictFile.Writer(network.Module, new Dictionary<string, string>(StringComparer.Ordinal)).WriteTo(stream);
            }
            WeightsExport.Write(Path.Combine(folder.FullName, "w.safetensors"), Path.Combine(folder.FullName, "w.pt"));

            var normalize = Case(projected).Shape.Architecture.Normalize!;
            string[] options = ["--arch", projected ? "resnet20-b" : "resnet20", "--mean", string.Join(',', normalize.Mean), "--std", string.Join(',', normalize.Std), "--images", $"{count}", "--steps", "0"];
            var peer = await PythonTorch.Run(Repository.At("bench", "peers", "pgd_accuracy.py"), [Path.Combine(folder.FullName, "w.pt"), folder.FullName, .. options]);
            peer.ExitCode.ShouldBe(0, peer.Text);
            using var answer = JsonDocument.Parse(peer.Output);
            answer.RootElement.GetProperty("clean").GetProperty("correct").GetInt32().ShouldBe(right);
            right.ShouldBeGreaterThan(count * 85 / 100);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static int Right(Network network, byte[] pixels, byte[] labels, int count)
    {
        using var frozen = network.Freeze();
        using var noGrad = no_grad();
        var right = 0;
        for (var first = 0; first < count; first += 250)
        {
            using var scope = NewDisposeScope();
            var images = tensor(pixels[(3072 * first)..(3072 * (first + 250))], [250, 3, 32, 32]).to(ScalarType.Float32).div_(255);
            right += Integers(network.Module.call(images).argmax(1)).Zip(labels.Skip(first), (answer, label) => answer == label ? 1 : 0).Sum();
        }
        return right;
    }
}

/// <summary>Needs golden vectors and public weights.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class InteropTheoryAttribute() : DeviceTheoryAttribute(new GoldenFactAttribute().Skip ?? new WeightsFactAttribute().Skip);

/// <summary>Needs public weights, images and a Python with PyTorch.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PublicTwinTheoryAttribute() : DeviceTheoryAttribute(new WeightsFactAttribute().Skip ?? new DataFactAttribute().Skip ?? new PythonTorchFactAttribute().Skip);
