using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr up</c>: starts the local service in the background, or keeps it in the foreground until Ctrl-C.</summary>
static class UpCommand
{
    static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);

    public static Command Create(CommandContext context)
    {
        var workers = Number("--workers", "Worker supervisors", 1, 0, 64);
        var cores = Number("--cores", "Cores that each worker offers to jobs", Environment.ProcessorCount, 1, 1024);
        var port = Number("--port", "Loopback port of the API; 0 takes a free one", 0, 0, 65535);
        var data = new Option<string?>("--data") { Description = "Folder with cifar10-mini/ or cifar-10-batches-bin/; default KDR_DATA, ./data, then what was fetched", HelpName = "DIR" };
        var foreground = new Option<bool>("--foreground") { Description = "Stay here until Ctrl-C" };
        var log = new Option<string?>("--log") { Hidden = true };
        var yes = new Option<bool>("--yes", "-y") { Description = "Install missing packages without asking (read by ./kdr)" };
        var command = new Command("up", "Start PostgreSQL, the API and workers for this checkout") { workers, cores, port, data, foreground, log, yes };
        command.SetAction(async (parsed, ct) =>
        {
            var folder = DataFolder.Find(context.Folders, parsed.GetValue(data), context.Environment);
            var options = new LocalServiceOptions("up", parsed.GetValue(workers), parsed.GetValue(cores), parsed.GetValue(port), folder?.Path);
            if (ServiceRecord.Running(context.Folders) is { } running)
            {
                context.Terminal.Say($"the local service runs already (./kdr {running.Verb}, process {running.Host.Id})");
                context.Terminal.Say($"page, signed in: {running.SignInLink}");
                context.Terminal.Out.WriteLine(running.Address);
                return ExitCode.Done;
            }
            if (options.Workers > 0) NativeBuild.Require(context.Folders);
            if (parsed.GetValue(foreground) || parsed.GetValue(log) is not null) return await Keep(context, options, parsed.GetValue(log), ct);
            return await Detach(context, options, ct);
        });
        return command;
    }

    internal static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = $"{description}; default {standard.ToString(CultureInfo.InvariantCulture)}", DefaultValueFactory = _ => standard, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}, not {value}"));
        });
        return option;
    }

    /// <summary>This process is the service's host until it is asked to stop.</summary>
    static async Task<int> Keep(CommandContext context, LocalServiceOptions options, string? log, CancellationToken ct)
    {
        await using var writer = log is null ? null : new StreamWriter(log, append: true) { AutoFlush = true };
        Action<string> say = writer is null ? context.Terminal.Say : line => TextWriter.Synchronized(writer).WriteLine($"{Durations.Date(TimeProvider.System.GetUtcNow())} {line}");
        try
        {
            await using var service = await LocalService.Start(context.Folders, options, say, ct);
            Announce(context.Terminal with { Error = writer ?? context.Terminal.Error }, service.Record, toPerson: writer is null);
            var broken = service.Broken();
            var stop = Task.Delay(Timeout.Infinite, ct);
            if (await Task.WhenAny(broken, stop) == broken) throw new CommandFailedException(ExitCode.Failed, $"the service stops: {await broken}");
            say("stopping");
            return ExitCode.Done;
        }
        catch (CommandFailedException failed) when (writer is not null)
        {
            say(failed.Message);
            return failed.ExitCode;
        }
    }

    /// <summary>Starts the host as a process of its own session and returns when the service answers.</summary>
    static async Task<int> Detach(CommandContext context, LocalServiceOptions options, CancellationToken ct)
    {
        LocalFolders.MakePrivate(context.Folders.Logs);
        var log = Path.Combine(context.Folders.Logs, "up.log");
        var before = File.Exists(log) ? new FileInfo(log).Length : 0;
        string[] arguments =
        [
            LocalService.DotNet, typeof(UpCommand).Assembly.Location, "up", "--log", log, "--workers", Text(options.Workers), "--cores", Text(options.Cores), "--port", Text(options.Port),
            .. options.DataFolder is null ? Array.Empty<string>() : ["--data", options.DataFolder],
        ];
        var start = new ProcessStartInfo("setsid", arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["KDR_ROOT"] = context.Folders.Root;
        using var host = Process.Start(start) ?? throw new CommandFailedException(ExitCode.Failed, "the service's host does not start");
        var begun = TimeProvider.System.GetTimestamp();
        while (ServiceRecord.Running(context.Folders) is not { } record)
        {
            if (host.HasExited) throw new CommandFailedException(ExitCode.Failed, Said(log, before));
            if (TimeProvider.System.GetElapsedTime(begun) > LongestStart) throw new CommandFailedException(ExitCode.Failed, $"the service is not ready after {LongestStart.TotalMinutes:0} minutes; {log} says how far it came");
            await Task.Delay(30, ct);
        }
        Announce(context.Terminal, ServiceRecord.Running(context.Folders)!, toPerson: true);
        return ExitCode.Done;
    }

    /// <param name="terminal">Where to.</param>
    /// <param name="record">Of the service.</param>
    /// <param name="toPerson">A log gets no link with a key in it.</param>
    static void Announce(Terminal terminal, ServiceRecord record, bool toPerson)
    {
        terminal.Out.WriteLine(record.Address);
        terminal.Say($"the service runs: {string.Join(", ", record.Processes.Select(p => p.Name))}");
        terminal.Say(record.DataFolder is { } data ? $"images: {data}" : "images: none found; ./kdr data fetch cifar10 gets them, synthetic ones need no data");
        if (toPerson) terminal.Say($"page, signed in: {record.SignInLink}");
        terminal.Say($"API docs: {record.Address}/docs   key: {record.KeyFile}   stop: ./kdr down");
    }

    static string Said(string log, long from)
    {
        if (!File.Exists(log)) return "the service's host ended at once and said nothing";
        using var stream = File.OpenRead(log);
        stream.Seek(from, SeekOrigin.Begin);
        // Each line begins with date and time, which do not matter here.
        var lines = new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "the service's host ended at once and said nothing" : lines[^1].Length > 17 ? lines[^1][17..] : lines[^1];
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
