using System.CommandLine;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr schema</c>: the spec's JSON schema, for editors.</summary>
static class SchemaCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("schema", "Print the JSON schema of a spec");
        command.SetAction(_ =>
        {
            context.Terminal.Out.Write(SpecSchema.Write());
            return ExitCode.Done;
        });
        return command;
    }
}
