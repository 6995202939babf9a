using System.CommandLine;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr drain</c>: has a worker give its jobs back and take no more, or work again.</summary>
static class DrainCommand
{
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("worker") { Description = "Its name, as ./kdr ls workers shows it" };
        var undo = new Option<bool>("--undo") { Description = "Let it take work again" };
        var lift = new Option<string?>("--lift") { Description = "Instead: give a device of it work again that is in quarantine, e.g. cuda:0", HelpName = "DEVICE" };
        var server = CommandContext.ServerOption();
        var command = new Command("drain", "Have a worker give its jobs back and take no more; it stays, idle") { name, undo, lift, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var address = $"/v1/workers/{Uri.EscapeDataString(parsed.GetValue(name)!)}";
            if (parsed.GetValue(lift) is { } device)
            {
                await client.Do($"{address}/lift-quarantine?device={Uri.EscapeDataString(device)}", ct);
                context.Terminal.Say($"{device} gets work again");
            }
            else if (parsed.GetValue(undo))
            {
                await client.Do($"{address}/undrain", ct);
                context.Terminal.Say("it takes work again");
            }
            else
            {
                await client.Do($"{address}/drain", ct);
                context.Terminal.Say($"it gives its jobs back and takes no more; next: ./kdr ls workers   undo: ./kdr drain {parsed.GetValue(name)} --undo");
            }
            return ExitCode.Done;
        });
        return command;
    }
}
