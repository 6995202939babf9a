using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr show</c>: an experiment with its jobs, or a job with its history.</summary>
static class ShowCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = $"{ExperimentName.Explanation}; or a job's id" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("show", "Show an experiment with its jobs, or a job with its history") { id, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var experiment = await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct);
            try
            {
                var detail = await client.Experiment(experiment, ct);
                if (parsed.GetValue(json)) context.WriteJson(detail);
                else Write(context.Terminal, detail);
            }
            catch (CommandFailedException missing) when (missing.ExitCode == ExitCode.NotFound && Guid.TryParse(parsed.GetValue(id), out var job))
            {
                var detail = await client.Job(job, ct);
                if (parsed.GetValue(json)) context.WriteJson(detail);
                else Write(context.Terminal, detail);
            }
            return ExitCode.Done;
        });
        return command;
    }

    static void Write(Terminal terminal, ExperimentDetail detail)
    {
        var e = detail.Experiment;
        terminal.Say($"{e.Name}: {e.Title}");
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{e.Id}, {e.State.ToString().ToLowerInvariant()}, run {e.RunNumber}, submitted {Durations.Date(e.CreatedAt)} by {e.Owner}"));
        var columns = new Columns("JOB", "STATE", "ATTEMPT", "SECONDS", "NOW", "ID");
        foreach (var (key, _, job) in detail.Jobs)
            columns.Add(
                key, job.State.ToString().ToLowerInvariant(), job.Attempt.ToString(CultureInfo.InvariantCulture),
                job.Result?.Seconds.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                job.State == JobState.Running && job.Progress is { } progress ? ProgressText.Line(progress) : job.Failure?.Message ?? "", job.Id.ToString());
        columns.Write(terminal);
        if (Watcher.WhyFailed(detail) is { } why) terminal.Say(why);
    }

    static void Write(Terminal terminal, JobDetail detail)
    {
        var job = detail.Job;
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{job.Name} ({job.Kind}): {job.State.ToString().ToLowerInvariant()}, attempt {job.Attempt} of {job.MaxAttempts}, fingerprint {job.Fingerprint[..12]}"));
        if (job.Failure is { } failure) terminal.Say(failure.Detail.Length > 0 ? $"{failure.Message}\n{failure.Detail}" : failure.Message);
        if (detail.Waiting is { } why) terminal.Say($"waits: {why}");
        var columns = new Columns("AT", "FROM", "TO", "WORKER", "REASON");
        foreach (var line in detail.Events)
            columns.Add(Durations.Date(line.At), line.From?.ToString().ToLowerInvariant(), line.To.ToString().ToLowerInvariant(), line.Worker, line.Reason);
        columns.Write(terminal);
        foreach (var file in detail.Checkpoints)
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"stored: {file.Name}, {file.Bytes} bytes, sha256 {file.Sha256[..12]}, at /v1/checkpoints/{file.Id}/content"));
    }
}
