using System.CommandLine;
using KdRobust.Cli.Benches;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr bench</c>: measurements; each prints JSON.</summary>
static class BenchCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("bench", "Measure; every bench prints JSON, and ends with 6 when its bound is missed")
        {
            CheckoutBench.Torch(context), OverheadBench.Create(context), StartBench.Create(context), MemoryBench.Create(context), DrawsBench.Create(context),
            CheckoutBench.Churn(context), CheckoutBench.Service(context),
        };
        foreach (var chaos in CheckoutBench.Chaos(context)) command.Add(chaos);
        return command;
    }
}
