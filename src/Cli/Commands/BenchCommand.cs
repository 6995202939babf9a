using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Benches;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr bench</c>: measurements; each prints JSON.</summary>
static class BenchCommand
{
    public static Command Create(CommandContext context)
    {
        var rest = new Argument<string[]>("options") { Description = "Passed on, e.g. --blocks 15 --threads 1", Arity = ArgumentArity.ZeroOrMore };
        var torch = new Command("torch", "Train and PGD-10 steps over python3-torch's on the same libtorch, threads and weights") { rest };
        torch.TreatUnmatchedTokensAsErrors = false;
        torch.SetAction(async (parsed, ct) =>
        {
            // The bench is built when it is asked for: it belongs to no other verb.
            var project = Path.Combine(context.Folders.Root, "bench", "Torch.Bench", "Torch.Bench.csproj");
            if (!File.Exists(project)) throw new CommandFailedException(ExitCode.Failed, $"{project} is not there: benches run in a checkout");
            var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, "run", "--project", project, "-c", "Release", "--verbosity", "quiet", "--", .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens])
            {
                UseShellExecute = false, WorkingDirectory = context.Folders.Root,
            };
            using var process = await ChildLauncher.Start(start);
            await process.WaitForExitAsync(CancellationToken.None);
            return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
        });
        return new Command("bench", "Measure; every bench prints JSON, and ends with 6 when its bound is missed")
        {
            torch, OverheadBench.Create(context), StartBench.Create(context), MemoryBench.Create(context), DrawsBench.Create(context), ChurnBench.Create(context), ServiceBench.Create(context),
            CheckoutBench.Create(context, "chaos", "Chaos.Bench", "Faults of every kind against a service at work, then a reading of its tables: nothing lost, doubled or stale", "--minutes 30 --seed 1"),
            CheckoutBench.Create(context, "sweep-under-fire", "Chaos.Bench", "A sweep of real trainings with a worker killed every 20 s, against the same undisturbed", "--points 100"),
            CheckoutBench.Create(context, "soak", "Chaos.Bench", "Memory of API, supervisor and run process under mixed load", "--minutes 60"),
        };
    }
}
