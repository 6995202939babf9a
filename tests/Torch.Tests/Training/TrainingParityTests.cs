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
public sealed class TrainingParityTests
{
    [PythonTorchFact(CpuOnly = "PyTorch computes on the CPU here, and to the bit")]
    public async Task Six_steps_of_SGD_with_a_schedule_are_bit_equal()
    {
        var reference = await Reference.Run("sgd");
        using var run = new Run();
        using var optimizer = optim.SGD(run.Network.parameters(), 0.1, momentum: 0.9, weight_decay: 5e-4);
        run.Train(optimizer, optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], 0.2));
        run.SameAs(reference, run.Network.state_dict());
    }

    [PythonTorchFact(CpuOnly = "PyTorch computes on the CPU here, and to the bit")]
    public async Task Six_steps_of_Adam_are_bit_equal()
    {
        var reference = await Reference.Run("adam");
        using var run = new Run();
        using var optimizer = optim.Adam(run.Network.parameters(), 1e-3, weight_decay: 1e-4);
        run.Train(optimizer, null);
        run.SameAs(reference, run.Network.state_dict());
    }

    [PythonTorchFact(CpuOnly = "PyTorch computes on the CPU here, and to the bit")]
    public async Task Ten_steps_of_projected_gradient_descent_are_bit_equal()
    {
        var reference = await Reference.Run("pgd");
        using var run = new Run();
        run.SameAs(reference, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["adversarial"] = run.Attack() });
    }

    /// <summary>Network, data and losses of one run; all within one dispose scope.</summary>
    sealed class Run : IDisposable
    {
        readonly DisposeScope scope = NewDisposeScope();
        readonly Tensor images, labels;
        readonly List<float> losses = [];

        internal Run()
        {
            set_num_threads(1);
            manual_seed(2024);
            Network = new SmallWideResNet();
            using var data = new Generator(7);
            images = rand([96, 3, 32, 32], generator: data);
            labels = randint(0, 10, [96], generator: data);
        }

        internal SmallWideResNet Network { get; }

        public void Dispose()
        {
            Network.Dispose();
            scope.Dispose();
        }

        internal void Train(optim.Optimizer optimizer, optim.lr_scheduler.LRScheduler? schedule)
        {
            Network.train();
            for (var step = 0; step < 6; step++)
            {
                using var inner = NewDisposeScope();
                optimizer.zero_grad();
                var loss = functional.cross_entropy(Network.call(images.narrow(0, step * 16, 16)), labels.narrow(0, step * 16, 16));
                loss.backward();
                optimizer.step();
                schedule?.step();
                losses.Add(loss.item<float>());
            }
        }

        internal Tensor Attack()
        {
            Network.eval();
            Tensor x = images.narrow(0, 0, 16), y = labels.narrow(0, 0, 16);
            var adversarial = x.clone();
            for (var step = 0; step < 10; step++)
            {
                adversarial.requires_grad_();
                var loss = functional.cross_entropy(Network.call(adversarial), y);
                losses.Add(loss.item<float>());
                var gradient = autograd.grad([loss], [adversarial])[0];
                adversarial = (adversarial + gradient.sign() * (2.0 / 255)).detach();
                adversarial = minimum(maximum(adversarial, x - 8.0 / 255), x + 8.0 / 255).clamp((Scalar)0, (Scalar)1);
            }
            return adversarial;
        }

        internal void SameAs(Reference reference, Dictionary<string, Tensor> state)
        {
            losses.ShouldBe(reference.Losses);
            state.Keys.ShouldBe(reference.State.Keys);
            foreach (var (name, tensor) in state)
                tensor.detach().contiguous().cpu().bytes.SequenceEqual(reference.State[name]).ShouldBeTrue($"{name} differs");
        }
    }

    /// <summary>What train_reference.py printed.</summary>
    sealed record Reference(float[] Losses, IReadOnlyDictionary<string, byte[]> State)
    {
        internal static async Task<Reference> Run(string kind)
        {
            var path = Path.Combine(Path.GetTempPath(), $"kdr-train-{kind}-{Environment.ProcessId}.json");
            try
            {
                var run = await PythonTorch.Run(Path.Combine(AppContext.BaseDirectory, "Training", "train_reference.py"), kind, path);
                run.ExitCode.ShouldBe(0, run.Text);
                using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
                return new Reference(
                    MemoryMarshal.Cast<byte, float>(json.RootElement.GetProperty("losses").GetBytesFromBase64()).ToArray(),
                    json.RootElement.GetProperty("state").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetBytesFromBase64()));
            }
            finally
            {
                File.Delete(path);
            }
        }
    }
}
