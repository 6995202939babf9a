using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using KdRobust.Cli.Testing;

namespace KdRobust.Cli.Commands;

/// <summary>The whole command line: its verbs, and how anything that goes wrong becomes one message and one exit code.</summary>
static class KdrCommand
{
    // Long enough for a service to be stopped in order.
    static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(15);

    /// <summary>Every verb there is.</summary>
    public static Command Create(CommandContext context) => new("kdr", "KdRobust: adversarial-robustness experiments from one JSON file to the paper's tables")
    {
        new HelpOption(),
        new VersionOption(),
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
        LogsCommand.Create(context),
        CancelCommand.Create(context),
        RequestCommands.Pause(context),
        RequestCommands.Resume(context),
        RequestCommands.Retry(context),
        RequestCommands.Priority(context),
        RerunCommand.Create(context),
        DiffCommand.Create(context),
        TableCommand.Create(context),
        FigureCommand.Create(context),
        ReportCommand.Create(context),
        KeyCommand.Create(context),
        DrainCommand.Create(context),
        ImportCommand.Create(context),
        ModelsCommand.Create(context),
        RunCommand.Create(context),
        EvalCommand.Create(context),
        ExportCommand.Create(context),
        SchemaCommand.Create(context),
        DataCommand.Create(context),
        BenchCommand.Create(context),
        TestCommand.Create(),
    };

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> Run(string[] arguments, CommandContext context, CancellationToken ct = default)
    {
        var parsed = Create(context).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null }); // @last is an experiment, not a file.
        if (Mistakes(parsed).ToList() is { Count: > 0 } mistakes)
        {
            foreach (var mistake in mistakes) context.Terminal.Say($"kdr: {mistake}");
            context.Terminal.Say($"kdr: ./{string.Join(' ', Path(parsed).Append("--help"))} shows what there is");
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

    static IEnumerable<string> Mistakes(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Action is ParseErrorAction)
        {
            if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var word, ..]) return [$"there is no '{word}' here"];
            return parsed.Errors.Select(error => error.Message);
        }
        // A mistyped option would else be taken for a file or an id.
        return command.TreatUnmatchedTokensAsErrors && parsed.Action is not HelpAction
            ? parsed.CommandResult.Tokens.Where(token => token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal)).Select(token => $"there is no option {token.Value} here")
            : [];
    }

    static IEnumerable<string> Path(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult verb; at = at.Parent) names.Push(verb.Command.Name);
        return names;
    }
}
