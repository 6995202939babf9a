using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

/// <summary>Two parameters, five steps of given gradients.</summary>
static class OptimizerCases
{
    internal static CaseTable Table
    {
        get
        {
            var table = new CaseTable
            {
                { "clip_grad_norm_/two", (a, b) => Clip(a, b, 0.5, 2) },
                { "clip_grad_norm_/below", (a, b) => Clip(a, b, 50, 2) },
                { "clip_grad_norm_/infinity", (a, b) => Clip(a, b, 0.5, double.PositiveInfinity) },
            };
            table.AddMany("SGD/plain", x => Descend(x, p => optim.SGD(p, 0.1)));
            table.AddMany("SGD/momentum", x => Descend(x, p => optim.SGD(p, 0.1, momentum: 0.9, weight_decay: 5e-4)));
            table.AddMany("SGD/nesterov", x => Descend(x, p => optim.SGD(p, 0.1, momentum: 0.9, nesterov: true)));
            table.AddMany("SGD/dampened", x => Descend(x, p => optim.SGD(p, 0.1, momentum: 0.9, dampening: 0.5, maximize: true)));
            table.AddMany("Adam/plain", x => Descend(x, p => optim.Adam(p)));
            table.AddMany("Adam/decayed", x => Descend(x, p => optim.Adam(p, 1e-2, 0.8, 0.99, 1e-6, 1e-2)));
            table.AddMany("Adam/amsgrad", x => Descend(x, p => optim.Adam(p, 1e-2, amsgrad: true)));
            table.AddMany("Adam/maximize", x => Descend(x, p => optim.Adam(p, 1e-2, maximize: true)));
            table.AddMany("AdamW/plain", x => Descend(x, p => optim.AdamW(p, 1e-2)));
            table.AddMany("AdamW/decayed", x => Descend(x, p => optim.AdamW(p, 1e-2, weight_decay: 0.3, amsgrad: true)));
            return table;
        }
    }

    static Tensor[] Descend(Tensor[] inputs, Func<IEnumerable<Parameter>, optim.Optimizer> make)
    {
        Parameter[] parameters = [new Parameter(inputs[0].clone()), new Parameter(inputs[1].clone())];
        using var optimizer = make(parameters);
        for (var step = 2; step < inputs.Length; step += 2)
        {
            parameters[0].grad = inputs[step].clone();
            parameters[1].grad = inputs[step + 1].clone();
            optimizer.step();
        }
        return [parameters[0].detach(), parameters[1].detach()];
    }

    static Tensor[] Clip(Tensor a, Tensor b, double maximum, double kind)
    {
        Parameter[] parameters = [new Parameter(zeros_like(a)), new Parameter(zeros_like(b))];
        parameters[0].grad = a.clone();
        parameters[1].grad = b.clone();
        var total = nn.utils.clip_grad_norm_(parameters, maximum, kind);
        return [full([], total), parameters[0].grad!, parameters[1].grad!];
    }
}
