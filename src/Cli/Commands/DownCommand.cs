using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr down</c>: stops the local service in order: workers, API, PostgreSQL.</summary>
static class DownCommand
{
    static readonly TimeSpan InOrder = TimeSpan.FromSeconds(10), AtOnce = TimeSpan.FromSeconds(5);

    public static Command Create(CommandContext context)
    {
        var command = new Command("down", "Stop the local service; what it has stored stays");
        command.SetAction(async (_, _) => await Stop(context));
        return command;
    }

    static async Task<int> Stop(CommandContext context)
    {
        if (ServiceRecord.Left(context.Folders) is not { } record)
        {
            context.Terminal.Say("nothing runs here");
            return ExitCode.Done;
        }
        var begun = TimeProvider.System.GetTimestamp();
        record.Host.Signal(UnixSignal.Terminate);
        if (!await record.Host.Gone(InOrder))
        {
            context.Terminal.Say("it does not stop in order: ending it. Jobs go on from their last checkpoint at the next start");
            record.Host.Signal(UnixSignal.Kill);
        }
        // They end with their host, whatever happened to it; this is for a machine where they could not be told to.
        foreach (var (name, process) in record.Processes.Reverse())
        {
            if (await process.Gone(AtOnce)) continue;
            process.Signal(name == "postgres" ? UnixSignal.Quit : UnixSignal.Kill);
            if (!await process.Gone(AtOnce)) throw new CommandFailedException(ExitCode.Failed, string.Create(CultureInfo.InvariantCulture, $"{name} (process {process.Id}) does not end: look at it with ps, end it with kill -9 {process.Id}"));
        }
        ServiceRecord.Remove(context.Folders);
        context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"stopped in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s"));
        return ExitCode.Done;
    }
}
