using System.Runtime.InteropServices;
using System.Text.Json;
using KdRobust.Support;
using KdRobust.Torch.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Tests.Training;

/// <summary>
/// The same training by PyTorch in a child process, on the same libtorch, BLAS and thread count: every loss and every
/// entry of the state dict is the same to the last bit, initial weights included.
/// </summary>
public sealed class TrainingParityTests : IDisposable
{
    readonly DisposeScope scope = NewDisposeScope();
    readonly SmallWideResNet network;
    readonly Tensor images, labels;
    readonly List<float> losses = [];

    public TrainingParityTests()
    {
        set_num_threads(1);
        manual_seed(2024);
        network = new SmallWideResNet();
        using var data = new Generator(7);
        images = rand([96, 3, 32, 32], generator: data);
        labels = randint(0, 10, [96], generator: data);
    }

    public void Dispose()
    {
        network.Dispose();
        scope.Dispose();
    }

    [PythonTorchFact]
    public async Task Six_steps_of_SGD_with_a_schedule_are_bit_equal()
    {
        using var optimizer = optim.SGD(network.parameters(), 0.1, momentum: 0.9, weight_decay: 5e-4);
        var schedule = optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], 0.2);
        Train(optimizer, schedule);
        await SameAs("sgd", network.state_dict());
    }

    [PythonTorchFact]
    public async Task Six_steps_of_Adam_are_bit_equal()
    {
        using var optimizer = optim.Adam(network.parameters(), 1e-3, weight_decay: 1e-4);
        Train(optimizer, null);
        await SameAs("adam", network.state_dict());
    }

    [PythonTorchFact]
    public async Task Ten_steps_of_projected_gradient_descent_are_bit_equal()
    {
        network.eval();
        Tensor x = images.narrow(0, 0, 16), y = labels.narrow(0, 0, 16);
        var adversarial = x.clone();
        for (var step = 0; step < 10; step++)
        {
            adversarial.requires_grad_();
            var loss = functional.cross_entropy(network.call(adversarial), y);
            losses.Add(loss.item<float>());
            var gradient = autograd.grad([loss], [adversarial])[0];
            adversarial = (adversarial + gradient.sign() * (2.0 / 255)).detach();
            adversarial = minimum(maximum(adversarial, x - 8.0 / 255), x + 8.0 / 255).clamp((Scalar)0, (Scalar)1);
        }
        await SameAs("pgd", new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["adversarial"] = adversarial });
    }

    void Train(optim.Optimizer optimizer, optim.lr_scheduler.LRScheduler? schedule)
    {
        network.train();
        for (var step = 0; step < 6; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            var loss = functional.cross_entropy(network.call(images.narrow(0, step * 16, 16)), labels.narrow(0, step * 16, 16));
            loss.backward();
            optimizer.step();
            schedule?.step();
            losses.Add(loss.item<float>());
        }
    }

    async Task SameAs(string kind, Dictionary<string, Tensor> state)
    {
        var path = Path.Combine(Path.GetTempPath(), $"kdr-train-{kind}-{Environment.ProcessId}.json");
        try
        {
            var run = await PythonTorch.Run(Path.Combine(AppContext.BaseDirectory, "Training", "train_reference.py"), kind, path);
            run.ExitCode.ShouldBe(0, run.Text);
            using var reference = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
            MemoryMarshal.Cast<byte, float>(reference.RootElement.GetProperty("losses").GetBytesFromBase64()).ToArray().ShouldBe([.. losses]);
            var expected = reference.RootElement.GetProperty("state").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetBytesFromBase64());
            state.Keys.ShouldBe(expected.Keys);
            foreach (var (name, tensor) in state)
                tensor.detach().contiguous().bytes.SequenceEqual(expected[name]).ShouldBeTrue($"{name} differs");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
