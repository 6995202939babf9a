using System.Runtime.InteropServices;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

/// <summary>Every backbone against its twin in PyTorch (backbones.py) with the same weights, which all are random.</summary>
public sealed class PythonTwinTests
{
    const int Count = 4;

    [PythonTorchFact]
    public async Task Every_backbone_answers_as_its_twin_in_PyTorch()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-twins-");
        try
        {
            using var images = Images(Count);
            WriteCases(folder.FullName, images);
            var run = await PythonTorch.Run(Path.Combine(AppContext.BaseDirectory, "Models", "backbones.py"), folder.FullName);
            run.ExitCode.ShouldBe(0, run.Text);
            using var answers = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "answers.json")));
            foreach (var (name, architecture) in Backbones.All)
                Compare(name, architecture, images, answers.RootElement.GetProperty(name).EnumerateObject()
                    .ToDictionary(entry => entry.Name, entry => MemoryMarshal.Cast<byte, float>(entry.Value.GetBytesFromBase64()).ToArray()));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static void WriteCases(string folder, Tensor images)
    {
        File.WriteAllText(Path.Combine(folder, "cases.json"), JsonSerializer.Serialize(Backbones.All, SpecJson.Options));
        foreach (var (name, architecture) in Backbones.All)
        {
            using var network = Random(architecture);
            using var file = File.Create(Path.Combine(folder, $"{name}.safetensors"));
            new SafetensorsWriter(
                new Dictionary<string, Tensor>(network.Module.state_dict(), StringComparer.Ordinal) { ["images"] = images },
                new Dictionary<string, string>(StringComparer.Ordinal)).WriteTo(file);
        }
    }

    static void Compare(string name, ArchitectureSpec architecture, Tensor images, Dictionary<string, float[]> twin)
    {
        using var scope = NewDisposeScope();
        using var network = Random(architecture);
        using var view = new NetworkView(network, null, new SeedTree(0));
        using (view.Freeze())
        {
            var (gradient, logits) = view.InputGradient(images, Indices(Count), default,
                z => nn.functional.cross_entropy(z, arange(Count, ScalarType.Int64), reduction: nn.Reduction.None));
            var expected = tensor(twin["logits"], [Count, 10]);
            expected.std().item<float>().ShouldBeGreaterThan(0.1f, $"{name}: all logits are alike, nothing would be compared");
            LargestDifference(logits, expected).ShouldBeLessThan(1e-4, name);
            var slope = tensor(twin["gradient"], [Count, 3, 32, 32]);
            LargestDifference(gradient, slope).ShouldBeLessThan(1e-4 * slope.abs().max().item<float>(), name);
        }

        using var withoutGraph = no_grad();
        LargestDifference(network.Module.call(images), tensor(twin["training"], [Count, 10])).ShouldBeLessThan(1e-4, $"{name} in training");
        var running = network.Module.state_dict().Where(entry => entry.Key.Contains("running")).ToDictionary(entry => entry.Key, entry => entry.Value);
        running.Keys.ShouldBe(twin.Keys.Where(key => key.Contains("running")), ignoreOrder: true);
        foreach (var (key, values) in running)
            LargestDifference(values, tensor(twin[key], values.shape)).ShouldBeLessThan(1e-4 * Math.Max(1, values.abs().max().item<float>()), $"{name}: {key}");
    }

    /// <summary>The network with every entry of its state dict random, so that a swapped or forgotten one shows.</summary>
    static Network Random(ArchitectureSpec architecture)
    {
        var network = ModelCatalog.Build(Shape(architecture: architecture), new SeedTree(0), DefaultDevice.OfProcess);
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var generator = new Generator(17);
        foreach (var (name, values) in network.Module.state_dict())
        {
            var shape = values.shape;
            // Half of Kaiming's variance: with all of it what blocks add doubles from one to the next.
            if (shape.Length > 1) values.normal_(0, Math.Sqrt(1.0 / shape.Skip(1).Aggregate((a, b) => a * b)), generator);
            else if (name.EndsWith("running_var", StringComparison.Ordinal) || name.EndsWith(".weight", StringComparison.Ordinal)) values.uniform_(0.5, 1.5, generator);
            else if (values.is_floating_point()) values.normal_(0, 0.1, generator);
        }
        return network;
    }
}
