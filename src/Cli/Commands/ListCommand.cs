using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr ls</c>: experiments, newest first.</summary>
static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        var limit = LimitOption();
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("ls", "List experiments, newest first") { limit, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var page = await client.List(parsed.GetValue(limit), ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(page.Items);
                return ExitCode.Done;
            }
            var columns = new Columns("ID", "NAME", "STATE", "JOBS DONE", "RUN", "SUBMITTED", "TITLE");
            foreach (var e in page.Items)
                columns.Add(
                    ExperimentName.Short(e.Id), e.Name, e.State.ToString().ToLowerInvariant(),
                    string.Create(CultureInfo.InvariantCulture, $"{e.JobCounts.GetValueOrDefault(JobState.Succeeded)}/{e.JobCounts.Values.Sum()}"),
                    e.RunNumber.ToString(CultureInfo.InvariantCulture), Durations.Date(e.CreatedAt), e.Title);
            columns.Write(context.Terminal);
            if (page.Items.Count == 0) context.Terminal.Say("there is no experiment yet: submit one with ./kdr submit experiments/demo.json");
            else if (page.Next is not null) context.Terminal.Say($"the newest {page.Items.Count} are shown; --limit shows more");
            return ExitCode.Done;
        });
        return command;
    }

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
}
