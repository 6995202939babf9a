using System.CommandLine;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr schema</c>: the spec's JSON schema, for editors.</summary>
static class SchemaCommand
{
    public static Command Create(CommandContext context)
    {
        var sweep = new Option<bool>("--sweep") { Description = "The schema of a sweep" };
        var command = new Command("schema", "Print the JSON schema of a spec") { sweep };
        command.SetAction(parsed =>
        {
            context.Terminal.Out.Write(parsed.GetValue(sweep) ? SweepReader.Schema() : SpecSchema.Write());
            return ExitCode.Done;
        });
        return command;
    }
}
