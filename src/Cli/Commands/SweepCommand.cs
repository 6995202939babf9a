using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Sweeps;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr sweep</c>: one experiment many times; submits a sweep, or shows, tabulates, fills up and cancels one.</summary>
static class SweepCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The sweep; - is standard input" };
        var again = new Option<bool>("--again") { Description = "Compute everything anew, even what is known" };
        var watch = new Option<bool>("--watch") { Description = "Follow it to its end" };
        var timeout = new Option<double?>("--timeout") { Description = "With --watch: give up watching after so many seconds (exit code 124); the sweep goes on", HelpName = "SECONDS" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("sweep", "Submit a sweep: one experiment, many times; the same sweep again makes only what is missing")
        {
            file, again, watch, timeout, server, json,
            SweepListCommands.List(context), SweepListCommands.Show(context), SweepListCommands.Table(context), Watch(context), Retry(context), Cancel(context),
        };
        command.SetAction(async (parsed, ct) =>
        {
            var sweep = SweepFile.Read(parsed.GetValue(file)!);
            using var client = context.Connect(parsed, server);
            var (filled, created) = await client.SubmitSweep(sweep.Text, parsed.GetValue(again), ct);
            if (parsed.GetValue(json)) context.WriteJson(filled);
            else context.Terminal.Out.WriteLine(filled.Sweep.Id);
            var points = filled.Sweep.Rungs[0].Points.Values.Sum();
            context.Terminal.Say(created
                ? string.Create(CultureInfo.InvariantCulture, $"{filled.Sweep.Name}: {points} points, {filled.Made} new experiments, {filled.Jobs} jobs{(filled.ReusedJobs > 0 ? string.Create(CultureInfo.InvariantCulture, $", {filled.ReusedJobs} of them known already") : "")}")
                : $"{filled.Sweep.Name}: this sweep was submitted before and is {filled.Sweep.State.ToString().ToLowerInvariant()}; {Again(filled)}; --again computes it all anew");
            if (parsed.GetValue(watch)) return await Follow(context, client, filled.Sweep.Id, parsed.GetValue(timeout), ct);
            var name = ExperimentName.Short(filled.Sweep.Id);
            context.Terminal.Say($"follow: ./kdr sweep watch {name}   cancel: ./kdr sweep cancel {name}   table: ./kdr sweep table {name}");
            return ExitCode.Done;
        });
        return command;
    }

    static Command Watch(CommandContext context)
    {
        var id = Id();
        var timeout = new Option<double?>("--timeout") { Description = "Give up watching after so many seconds (exit code 124); the sweep goes on", HelpName = "SECONDS" };
        var server = CommandContext.ServerOption();
        var command = new Command("watch", "Follow a sweep to its end; Ctrl-C only stops watching") { id, timeout, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            return await Follow(context, client, await SweepName.Resolve(client, parsed.GetValue(id)!, ct), parsed.GetValue(timeout), ct);
        });
        return command;
    }

    static Command Retry(CommandContext context)
    {
        var id = Id();
        var server = CommandContext.ServerOption();
        var command = new Command("retry", "Make anew what of a sweep has failed or was cancelled, and nothing else") { id, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            context.Terminal.Say(Again(await client.RetrySweep(await SweepName.Resolve(client, parsed.GetValue(id)!, ct), ct)));
            return ExitCode.Done;
        });
        return command;
    }

    static Command Cancel(CommandContext context)
    {
        var id = Id();
        var server = CommandContext.ServerOption();
        var command = new Command("cancel", "Cancel a sweep as one; experiments that another sweep or a person asked for go on") { id, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var done = await client.CancelSweep(await SweepName.Resolve(client, parsed.GetValue(id)!, ct), ct);
            context.Terminal.Say(done is { Experiments: 0, Kept: 0 }
                ? "no point of it was still to compute"
                : string.Create(CultureInfo.InvariantCulture, $"{done.Experiments} experiment(s) cancelled, {done.Jobs} job(s){(done.Kept > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {done.Kept} experiment(s) go on, because another sweep or somebody asked for them too") : "")}"));
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<int> Follow(CommandContext context, ServiceClient client, Guid sweep, double? timeout, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (timeout is { } seconds) limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            var ended = await SweepWatcher.Watch(client, sweep, context.Terminal, limit.Token);
            var name = ExperimentName.Short(sweep);
            context.Terminal.Say($"{ended.Name} {ended.State.ToString().ToLowerInvariant()}{(ended.Trouble is null ? "" : $": {ended.Trouble}")}; its table: ./kdr sweep table {name}"
                + (ended.State == ExperimentState.Failed ? $"   what failed, again: ./kdr sweep retry {name}" : ""));
            return SweepWatcher.ExitCodeOf(ended);
        }
        catch (OperationCanceledException)
        {
            context.Terminal.Say($"stopped watching; the sweep goes on: ./kdr sweep watch {ExperimentName.Short(sweep)}");
            if (ct.IsCancellationRequested) return ExitCode.Interrupted;
            throw new CommandFailedException(ExitCode.TimedOut, string.Create(CultureInfo.InvariantCulture, $"not ended within {timeout} s"));
        }
    }

    static string Again(SweepFilled filled) => filled.Made == 0 ? "nothing of it had to be made anew" : string.Create(CultureInfo.InvariantCulture, $"{filled.Made} experiment(s) that had failed or were cancelled are made anew");

    internal static Argument<string> Id() => new("id") { Description = SweepName.Explanation, DefaultValueFactory = _ => "@last" };
}
