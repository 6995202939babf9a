using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr ls</c>: experiments, jobs, workers or queues.</summary>
static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        var what = new Argument<string>("what") { Description = "experiments (default), jobs, workers or queues", DefaultValueFactory = _ => "experiments" };
        what.AcceptOnlyFromAmong("experiments", "jobs", "workers", "queues");
        var limit = LimitOption();
        var sort = new Option<string?>("--sort") { Description = "-created (newest first), created; of jobs also -finished, or queue (as their turns come)", HelpName = "ORDER" };
        sort.AcceptOnlyFromAmong("-created", "created", "-finished", "queue");
        var server = CommandContext.ServerOption();
        var json = JsonFieldsOption();
        var filter = new JobFilterOptions();
        var command = new Command("ls", "List experiments, jobs, workers or queues") { what, limit, sort, server, json };
        filter.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var fields = parsed.GetResult(json) is null ? null : parsed.GetValue(json) ?? "";
            var (name, query) = (parsed.GetValue(what), await filter.Query(parsed, client, ct));
            if (name is "workers" or "queues" && (query.Length > 0 || parsed.GetValue(sort) is not null))
                throw new CommandFailedException(ExitCode.Usage, $"{name} take no filter and no order");
            var page = string.Create(CultureInfo.InvariantCulture, $"limit={parsed.GetValue(limit)}&{query}{(parsed.GetValue(sort) is { } order ? $"&sort={order}" : "")}");
            switch (name)
            {
                case "jobs": Write(context.Terminal, await client.Ask<Page<JobSummary>>($"/v1/jobs?{page}", ct), fields); break;
                case "workers": Write(context.Terminal, await client.Ask<IReadOnlyList<WorkerView>>($"/v1/workers?{page.TrimEnd('&')}", ct), fields); break;
                case "queues": Write(context.Terminal, await client.Ask<QueuesAnswer>("/v1/queues", ct), fields); break;
                default: Write(context.Terminal, await client.Ask<Page<ExperimentSummary>>($"/v1/experiments?{page}", ct), query.Length > 0, fields); break;
            }
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>JSON of a list: all fields, or those named.</summary>
    public static Option<string?> JsonFieldsOption() => new("--json") { Description = "Print JSON: every field, or those named, e.g. --json id,state", HelpName = "FIELDS", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>How much of a list is shown.</summary>
    public static Option<int> LimitOption()
    {
        var limit = new Option<int>("--limit") { Description = "At most so many", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var value) && value is < 1 or > 500) result.AddError($"--limit must be from 1 to 500, not {value}");
        });
        return limit;
    }

    /// <summary>Says that a list goes on.</summary>
    public static void SayMore(Terminal terminal, int shown) => terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{shown} of more than {shown} shown; --limit shows up to 500"));

    static void Write(Terminal terminal, Page<ExperimentSummary> page, bool filtered, string? fields)
    {
        if (fields is not null) JsonFields.Write(terminal, page.Items, fields);
        else
        {
            var columns = new Columns("ID", "NAME", "STATE", "JOBS DONE", "RUN", "SUBMITTED", "TITLE");
            foreach (var e in page.Items)
                columns.Add(
                    ExperimentName.Short(e.Id), e.Name, e.State.ToString().ToLowerInvariant(),
                    string.Create(CultureInfo.InvariantCulture, $"{e.JobCounts.GetValueOrDefault(JobState.Succeeded)}/{e.JobCounts.Values.Sum()}"),
                    e.RunNumber.ToString(CultureInfo.InvariantCulture), Durations.Date(e.CreatedAt), e.Title);
            columns.Write(terminal);
        }
        if (page.Next is not null) SayMore(terminal, page.Items.Count);
        else if (page.Items.Count == 0) terminal.Say(filtered ? "none matches; next: ./kdr ls shows all" : "there is no experiment yet; next: ./kdr submit experiments/demo.json");
    }

    static void Write(Terminal terminal, Page<JobSummary> page, string? fields)
    {
        if (fields is not null) JsonFields.Write(terminal, page.Items, fields);
        else
        {
            var columns = new Columns("ID", "NAME", "KIND", "STATE", "ATTEMPT", "PRIORITY", "WORKER", "NOW");
            foreach (var job in page.Items)
                columns.Add(
                    job.Id.ToString(), job.Name, job.Kind, job.State.ToString().ToLowerInvariant(), string.Create(CultureInfo.InvariantCulture, $"{job.Attempt}/{job.MaxAttempts}"),
                    job.Priority.ToString(CultureInfo.InvariantCulture), job.Worker,
                    job.Progress is { } progress ? ProgressText.Line(progress) : job.Failure ?? (job.Seconds is { } seconds ? Durations.Text(seconds) : job.Reason));
            columns.Write(terminal);
        }
        if (page.Next is not null) SayMore(terminal, page.Items.Count);
        else if (page.Items.Count == 0) terminal.Say("no job matches; next: ./kdr ls shows experiments");
    }

    static void Write(Terminal terminal, IReadOnlyList<WorkerView> workers, string? fields)
    {
        if (fields is not null) JsonFields.Write(terminal, workers, fields);
        else
        {
            var columns = new Columns("NAME", "HOST", "DEVICE", "CORES", "STATE", "IMAGES/S", "LAST SEEN", "DOES");
            foreach (var worker in workers)
                columns.Add(
                    worker.Info.Name, worker.Info.Host, worker.Info.Device, string.Create(CultureInfo.InvariantCulture, $"{worker.Info.Cores}"),
                    !worker.Alive ? "away" : worker.DrainRequestedAt is not null ? $"drained by {worker.DrainRequestedBy}" : worker.Quarantined is { Count: > 0 } bad ? $"quarantine: {string.Join(", ", bad.Keys)}" : "works",
                    worker.ImagesPerSecond.ToString("0", CultureInfo.InvariantCulture), Durations.Date(worker.LastSeen), string.Join(", ", worker.Jobs));
            columns.Write(terminal);
        }
        if (workers.Count == 0) terminal.Say("no worker has reported in; next: ./kdr up starts one");
    }

    static void Write(Terminal terminal, QueuesAnswer queues, string? fields)
    {
        if (fields is not null) JsonFields.Write(terminal, queues.Depths, fields);
        else
        {
            var columns = new Columns("STATE", "KIND", "DEVICE", "JOBS", "YOURS");
            foreach (var depth in queues.Depths)
                columns.Add(depth.State, depth.Kind, depth.Device, depth.Jobs.ToString(CultureInfo.InvariantCulture), depth.Own.ToString(CultureInfo.InvariantCulture));
            columns.Write(terminal);
        }
        terminal.Say(queues.OldestReadySeconds is { } seconds
            ? string.Create(CultureInfo.InvariantCulture, $"{queues.Running} running, {queues.Ready} ready; the oldest has been ready for {Durations.Text(seconds)}")
            : string.Create(CultureInfo.InvariantCulture, $"{queues.Running} running, none ready"));
        foreach (var quota in queues.Quotas) terminal.Say(string.Create(CultureInfo.InvariantCulture, $"quota: {quota.Owner ?? "all owners"} at most {quota.MostRunning} on {quota.Device}"));
    }
}
