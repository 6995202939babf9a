using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Tests.Arrange;

/// <summary>What a call of the command line did.</summary>
sealed record Said(int ExitCode, string Out, string Error);

/// <summary>The command line inside this process, its output caught, its environment ours.</summary>
sealed class CommandLine(LocalFolders folders, string? server = null, string? key = null)
{
    public Dictionary<string, string?> Environment { get; } = new(StringComparer.Ordinal) { [ServiceLocation.ServerVariable] = server, [ServiceLocation.KeyVariable] = key };

    public bool OnTerminal { get; init; }

    public async Task<Said> Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(TextWriter.Synchronized(output), TextWriter.Synchronized(error), IsInteractive: false, IsTable: OnTerminal);
        var code = await KdrCommand.Run(arguments, new CommandContext(terminal, folders, name => Environment.GetValueOrDefault(name)));
        return new Said(code, output.ToString(), error.ToString());
    }
}
