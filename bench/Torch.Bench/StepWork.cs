using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Bench;

/// <summary>Our side: a train step and a PGD-10 attack of one network, operation for operation those of peers/torch_step.py.</summary>
internal sealed class StepWork : IDisposable
{
    private readonly WideResNet _trained, _attacked;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _x, _y;

    /// <summary>Makes the network from a fixed seed and writes its state for the peer.</summary>
    public StepWork(string net, Tensor x, Tensor y, string folder)
    {
        var parts = net.Split('-');
        var (depth, width) = (int.Parse(parts[1]), int.Parse(parts[2]));
        _x = x;
        _y = y;
        manual_seed(1);
        _trained = new WideResNet(depth, width);
        var file = Path.Combine(folder, net + ".dat");
        _trained.save(file);
        _attacked = new WideResNet(depth, width);
        _attacked.load(file);
        _attacked.eval();
        _optimizer = optim.SGD(_trained.parameters(), 1e-3, momentum: 0.9, weight_decay: 5e-4, nesterov: true);
    }

    /// <summary>Does a number of steps of one kind.</summary>
    public Block Run(string what, int steps)
    {
        Func<double> step = what switch
        {
            "train" => TrainStep,
            "pgd" => PgdStep,
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "Expected train or pgd."),
        };
        var values = new double[steps];
        var wall = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < steps; i++)
            values[i] = step();
        cpu = Environment.CpuUsage.TotalTime - cpu;
        return new Block(cpu.TotalMilliseconds / steps, wall.Elapsed.TotalMilliseconds / steps, values);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _trained.Dispose();
        _attacked.Dispose();
    }

    private double TrainStep()
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        var loss = functional.cross_entropy(_trained.call(_x), _y);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    private double PgdStep()
    {
        using var scope = NewDisposeScope();
        var lower = (_x - 8.0 / 255).clamp_(min: (Scalar)0);
        var upper = (_x + 8.0 / 255).clamp_(max: (Scalar)1);
        var adversarial = _x;
        var last = 0.0;
        for (var i = 0; i < 10; i++)
        {
            using var inner = NewDisposeScope();
            adversarial = adversarial.detach().requires_grad_();
            var loss = functional.cross_entropy(_attacked.call(adversarial), _y);
            var gradient = autograd.grad([loss], [adversarial])[0];
            using (no_grad())
                adversarial = (adversarial + gradient.sign() * (2.0 / 255)).maximum(lower).minimum(upper).MoveToOuterDisposeScope();
            if (i == 9)
                last = loss.item<float>();
        }
        return last;
    }
}
