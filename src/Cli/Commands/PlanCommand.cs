using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Cli.Specs;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr plan</c>: checks a spec and shows the jobs it becomes, which of them are computed already, and how long the others take; changes nothing.</summary>
static class PlanCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The spec; - is standard input" };
        var set = CommandContext.SetOption();
        var again = new Option<bool>("--again") { Description = "As submit --again would: nothing is reused" };
        var local = new Option<bool>("--local") { Description = "Ask no service: neither reuse nor time is known then" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("plan", "Check a spec and show its jobs: which are known already, how long the others take; changes nothing") { file, set, again, local, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            var path = parsed.GetValue(file)!;
            var spec = SpecFile.Read(path, parsed.GetValue(set)!);
            using var client = parsed.GetValue(local) ? null : Service(context, parsed.GetValue(server));
            if (client is null) WriteLocal(context, spec, path, parsed.GetValue(json));
            else Write(context, await client.Do<PlanAnswer>($"/v1/plan?again={(parsed.GetValue(again) ? "true" : "false")}", spec.Text, ct), path, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The service that is named, or runs here; null where none is.</summary>
    static ServiceClient? Service(CommandContext context, string? server)
    {
        try
        {
            return new ServiceClient(ServiceLocation.Find(context.Folders, server, context.Environment));
        }
        catch (CommandFailedException none) when (none.ExitCode == ExitCode.Unreachable)
        {
            return null;
        }
    }

    static void Write(CommandContext context, PlanAnswer plan, string path, bool json)
    {
        if (json)
        {
            context.WriteJson(plan);
            return;
        }
        var columns = new Columns("JOB", "KIND", "REUSE", "TIME", "WAITS FOR");
        foreach (var job in plan.Jobs)
            columns.Add(
                job.Key, job.Kind, job.ReusedState is { } state ? state.ToString().ToLowerInvariant() : "new",
                job.Seconds is { } seconds ? job.ReusedState == JobState.Succeeded ? "0 s" : $"about {Durations.Text(seconds)}" : job.Basis, string.Join(", ", job.DependsOn));
        columns.Write(context.Terminal);
        context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{plan.Name} ({plan.Fingerprint[..12]}): {plan.Jobs.Count} jobs, {plan.New} of them new; {Durations.Text(plan.Seconds)} of computing{(plan.WithoutBasis > 0 ? string.Create(CultureInfo.InvariantCulture, $", without {plan.WithoutBasis} job(s) nothing like which you have computed yet") : "")}"));
        foreach (var basis in plan.Jobs.Where(job => job.ReusedState != JobState.Succeeded && job.Seconds is not null).Select(job => job.Basis).Distinct(StringComparer.Ordinal)) context.Terminal.Say($"basis: {basis}");
        context.Terminal.Say($"next: ./kdr submit {path}");
    }

    static void WriteLocal(CommandContext context, SpecFile file, string path, bool json)
    {
        var (spec, plan) = (file.Spec, ExperimentPlan.Of(file.Spec));
        if (json)
        {
            context.WriteJson(new { spec.Name, plan.Fingerprint, Jobs = plan.Jobs.Select(j => new { j.Key, j.DisplayName, Kind = j.Payload.KindName, DependsOn = j.DependsOn.ToList(), j.Fingerprint }) });
            return;
        }
        var columns = new Columns("JOB", "KIND", "FINGERPRINT", "WAITS FOR");
        foreach (var job in plan.Jobs) columns.Add(job.Key, job.Payload.KindName, job.Fingerprint[..12], string.Join(", ", job.DependsOn));
        columns.Write(context.Terminal);
        context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{spec.Name} ({plan.Fingerprint[..12]}): {plan.Jobs.Count} jobs, {plan.Results.Count} results; no service was asked, so what is known already and how long it takes is not said"));
        context.Terminal.Say($"next: ./kdr submit {path}, or ./kdr run {path} without a service");
    }
}
