using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace KdRobust.Torch.Tests.Parity;

/// <summary>The learning rate of each step; and parameters, where a schedule also moves the momentum.</summary>
static class ScheduleCases
{
    internal static CaseTable Table
    {
        get
        {
            var table = new CaseTable
            {
                { "StepLR/three", () => Rates(10, o => StepLR(o, 3, 0.5)) },
                { "MultiStepLR/two", () => Rates(9, o => MultiStepLR(o, [2, 6], 0.2)) },
                { "MultiStepLR/repeated", () => Rates(6, o => MultiStepLR(o, [3, 3], 0.1)) },
                { "CosineAnnealingLR/half", () => Rates(12, o => CosineAnnealingLR(o, 10, 0.001)) },
                { "LambdaLR/inverse", () => Rates(6, o => LambdaLR(o, epoch => 1.0 / (1 + epoch))) },
                { "OneCycleLR/cosine", () => Rates(20, o => OneCycleLR(o, 0.2, total_steps: 20)) },
                { "OneCycleLR/linear", () => Rates(12, o => OneCycleLR(o, 0.2, epochs: 3, steps_per_epoch: 4, pct_start: 0.4, anneal_strategy: impl.OneCycleLR.AnnealStrategy.Linear, div_factor: 10, final_div_factor: 100)) },
                { "OneCycleLR/three_phase", () => Rates(20, o => OneCycleLR(o, 0.2, total_steps: 20, three_phase: true)) },
                { "OneCycleLR/adam", () => Rates(20, o => OneCycleLR(o, 0.01, total_steps: 20), adam: true) },
            };
            table.AddMany("OneCycleLR/momentum_sgd", x => [Trained(x, adam: false)]);
            table.AddMany("OneCycleLR/momentum_adam", x => [Trained(x, adam: true)]);
            return table;
        }
    }

    static optim.Optimizer Made(Parameter parameter, bool adam) =>
        adam ? optim.Adam([parameter], 0.1) : optim.SGD([parameter], 0.1, momentum: 0.9);

    static Tensor Rates(int steps, Func<optim.Optimizer, LRScheduler> make, bool adam = false)
    {
        var parameter = new Parameter(zeros([1]));
        using var optimizer = Made(parameter, adam);
        var schedule = make(optimizer);
        var seen = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            seen[step] = optimizer.ParamGroups.First().LearningRate;
            parameter.grad = zeros([1]);
            optimizer.step();
            schedule.step();
        }
        return from_array(seen);
    }

    static Tensor Trained(Tensor[] inputs, bool adam)
    {
        var parameter = new Parameter(inputs[0].clone());
        using var optimizer = Made(parameter, adam);
        var schedule = OneCycleLR(optimizer, 0.2, total_steps: 8);
        foreach (var gradient in inputs.Skip(1))
        {
            parameter.grad = gradient.clone();
            optimizer.step();
            schedule.step();
        }
        return parameter.detach();
    }
}
