using System.CommandLine;
using System.CommandLine.Invocation;
using KdRobust.Cli.Testing;

namespace KdRobust.Cli.Commands;

/// <summary>The whole command line: its verbs, and how anything that goes wrong becomes one message and one exit code.</summary>
static class KdrCommand
{
    // Long enough for a service to be stopped in order; a second Ctrl-C ends at once.
    static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(15);

    /// <summary>Every verb there is.</summary>
    public static RootCommand Create(CommandContext context) => new("KdRobust: adversarial-robustness experiments from one JSON file to the paper's tables")
    {
        DemoCommand.Create(context),
        UpCommand.Create(context),
        DownCommand.Create(context),
        StatusCommand.Create(context),
        DoctorCommand.Create(context),
        PlanCommand.Create(context),
        SubmitCommand.Create(context),
        ListCommand.Create(context),
        ShowCommand.Create(context),
        WatchCommand.Create(context),
        CancelCommand.Create(context),
        TableCommand.Create(context),
        ReportCommand.Create(context),
        RunCommand.Create(context),
        SchemaCommand.Create(context),
        DataCommand.Create(context),
        BenchCommand.Create(context),
        TestCommand.Create(),
    };

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> Run(string[] arguments, CommandContext context, CancellationToken ct = default)
    {
        var parsed = Create(context).Parse(arguments);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors) context.Terminal.Say($"kdr: {error.Message}");
            context.Terminal.Say($"kdr: ./kdr {string.Join(' ', Path(parsed).Append("--help"))} shows what there is");
            return ExitCode.Usage;
        }
        var configuration = new InvocationConfiguration
        {
            Output = context.Terminal.Out, Error = context.Terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, ct);
        }
        catch (CommandFailedException failed)
        {
            foreach (var line in failed.Message.Split('\n')) context.Terminal.Say($"kdr: {line}");
            return failed.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    static IEnumerable<string> Path(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var at = parsed.CommandResult; at.Parent is System.CommandLine.Parsing.CommandResult parent; at = parent) names.Push(at.Command.Name);
        return names;
    }
}
