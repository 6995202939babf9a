using System.CommandLine;
using KdRobust.Cli.Commands;

namespace KdRobust.Cli.Benches;

/// <summary>The command of a bench that is a <see cref="CheckoutProgram"/>: it passes its options on.</summary>
static class CheckoutBench
{
    static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    static Command Create(string verb, string description, string example, Func<IReadOnlyList<string>, CancellationToken, Task<int>> run)
    {
        var rest = new Argument<string[]>("options") { Description = $"Passed on, e.g. {example}", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(verb, description) { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, ct) => run([.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens], ct));
        return command;
    }

    /// <summary>Tensors beside python3-torch.</summary>
    public static Command Torch(CommandContext context) => Create(
        "torch", "Train and PGD-10 steps over python3-torch's on the same libtorch, threads and weights", "--blocks 15 --threads 1", (options, ct) => CheckoutProgram.Run(context, "Torch.Bench", options, Nothing, ct));

    /// <summary>The chunk table.</summary>
    public static Command Churn(CommandContext context) => Create(
        "churn", "Size of the chunk table over a simulated week of resume points, with our vacuum settings and without", "--hours 48 --trainings 8", (options, ct) => CheckoutProgram.RunOnPostgres(context, "Churn.Bench", options, Nothing, ct));

    /// <summary>Every path of the service under load.</summary>
    public static Command Service(CommandContext context) => Create(
        "service", "The service under load: enqueue, claim, start, metrics, reading, events, checkpoints, many workers, take-over, memory", "--only claim --rounds 7 --seconds 3 --minutes 60",
        (options, ct) => CheckoutProgram.RunOnPostgres(
            context, "Service.Bench", options, new Dictionary<string, string> { ["KDR_API_PROGRAM"] = context.Folders.Program("Api"), ["KDR_DOTNET"] = Local.LocalService.DotNet }, ct));

    /// <summary>What <c>bench/Chaos.Bench</c> measures.</summary>
    public static IEnumerable<Command> Chaos(CommandContext context)
    {
        Command One(string verb, string description, string example) => Create(verb, description, example, (options, ct) => CheckoutProgram.Run(context, "Chaos.Bench", [verb, .. options], Nothing, ct));
        yield return One("chaos", "Faults of every kind against a service at work, then a reading of its tables: nothing lost, doubled or stale", "--minutes 30 --seed 1");
        yield return One("sweep-under-fire", "A sweep of real trainings with a worker killed every 20 s, against the same undisturbed", "--points 100");
        yield return One("soak", "Memory of API, supervisor and run process under mixed load", "--minutes 60");
    }
}
