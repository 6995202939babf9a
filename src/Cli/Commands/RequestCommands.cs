using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr pause, resume, retry, priority</c>: of one experiment or job, or of every job that matches a filter.</summary>
static class RequestCommands
{
    /// <summary>Lets a job stop and wait.</summary>
    public static Command Pause(CommandContext context) => Create(context, "pause", "Pause an experiment, a job, or every job that matches: a running one takes a resume point and stops", [], _ => "");

    /// <summary>Lets it go on.</summary>
    public static Command Resume(CommandContext context) => Create(context, "resume", "Let an experiment, a job, or every job that matches go on from where it was paused", [], _ => "");

    /// <summary>Has it tried again.</summary>
    public static Command Retry(CommandContext context)
    {
        var from = new Option<string>("--from") { Description = "checkpoint (its newest resume point) or scratch", DefaultValueFactory = _ => "checkpoint", HelpName = "WHERE" };
        from.AcceptOnlyFromAmong("checkpoint", "scratch");
        return Create(context, "retry", "Have a failed or cancelled experiment, job, or every job that matches tried again", [from], parsed => $"from={parsed.GetValue(from)}");
    }

    /// <summary>Lets it go first, or last.</summary>
    public static Command Priority(CommandContext context)
    {
        var to = new Option<int>("--to") { Description = "From -100 to 100; higher goes first, and ten minutes of waiting count as much as one", HelpName = "N", Required = true };
        return Create(context, "priority", "Change how early the jobs of an experiment, a job, or every job that matches is taken", [to], parsed => string.Create(CultureInfo.InvariantCulture, $"priority={parsed.GetValue(to)}"));
    }

    static Command Create(CommandContext context, string verb, string description, IEnumerable<Option> options, Func<ParseResult, string> query)
    {
        var id = new Argument<string?>("id") { Description = $"{ServiceTarget.Explanation}. Without it, a filter says which jobs", Arity = ArgumentArity.ZeroOrOne };
        var yes = new Option<bool>("--yes", "-y") { Description = "Also where other experiments use a job; and with a filter, without saying how many match" };
        var expect = new Option<int?>("--expect") { Description = "With a filter: how many match; if others do, nothing is changed", HelpName = "N" };
        var server = CommandContext.ServerOption();
        var filter = new JobFilterOptions();
        var command = new Command(verb, description) { id, yes, expect, server };
        foreach (var option in options) command.Options.Add(option);
        filter.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            if (parsed.GetValue(id) is null == !filter.IsGiven(parsed))
                throw new CommandFailedException(ExitCode.Usage, $"say either which one is meant (./kdr {verb} ID) or, by a filter, which jobs (./kdr {verb} --state ... --expect N)");
            using var client = context.Connect(parsed, server);
            var rest = $"evenIfShared={(parsed.GetValue(yes) ? "true" : "false")}&{query(parsed)}".TrimEnd('&');
            if (parsed.GetValue(id) is { } name) await One(context, client, await ServiceTarget.Resolve(client, name, ct), verb, rest, ct);
            else await BulkRequest.Do(context, client, $"/v1/jobs/{verb}", "/v1/jobs", await filter.Query(parsed, client, ct), rest, parsed.GetValue(expect), parsed.GetValue(yes), ct);
            return ExitCode.Done;
        });
        return command;
    }

    static async Task One(CommandContext context, ServiceClient client, ServiceTarget target, string verb, string rest, CancellationToken ct)
    {
        if (target.IsJob)
        {
            context.Terminal.Say((await client.Do<JobAsked>($"{target.Address}/{verb}?{rest}", null, ct)).Says);
        }
        else
        {
            var done = await client.Do<ExperimentAsked>($"{target.Address}/{verb}?{rest}", null, ct);
            foreach (var job in done.Jobs) context.Terminal.Out.WriteLine($"{job.Key}\t{job.Outcome}\t{job.Says}");
            context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{done.Changed} of {done.Jobs.Count} job(s) changed"));
        }
        context.Terminal.Say($"next: ./kdr show {target.Id}");
    }
}
