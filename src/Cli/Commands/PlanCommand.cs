using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Output;
using KdRobust.Cli.Specs;
using KdRobust.Domain.Plans;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr plan</c>: checks a spec and shows the jobs it becomes; changes nothing and asks no service.</summary>
static class PlanCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The spec; - is standard input" };
        var set = CommandContext.SetOption();
        var json = CommandContext.JsonOption();
        var command = new Command("plan", "Check a spec and show the jobs it becomes; changes nothing") { file, set, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var spec = SpecFile.Read(path, parsed.GetValue(set)!).Spec;
            var plan = ExperimentPlan.Of(spec);
            if (parsed.GetValue(json))
            {
                context.WriteJson(new { spec.Name, plan.Fingerprint, Jobs = plan.Jobs.Select(j => new { j.Key, j.DisplayName, Kind = j.Payload.KindName, DependsOn = j.DependsOn.ToList(), j.Fingerprint }) });
                return ExitCode.Done;
            }
            var columns = new Columns("JOB", "KIND", "FINGERPRINT", "WAITS FOR");
            foreach (var job in plan.Jobs.Where(j => j.ShardOf is null))
            {
                // What a merge waits for is what its shards wait for.
                var parents = job.Shards == 0 ? job.DependsOn : job.DependsOn.SelectMany(shard => plan.Job(shard).DependsOn).Distinct(StringComparer.Ordinal);
                columns.Add(job.Key, job.Shards == 0 ? job.MeasuredKind : string.Create(CultureInfo.InvariantCulture, $"{job.MeasuredKind} x {job.Shards} shards"), job.Fingerprint[..12], string.Join(", ", parents));
            }
            columns.Write(context.Terminal);
            var shards = plan.Jobs.Count(j => j.ShardOf is not null);
            context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{spec.Name} ({plan.Fingerprint[..12]}): {plan.Jobs.Count} jobs{(shards > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({shards} of them shards)") : "")}, {plan.Results.Count} results. Next: ./kdr submit {path}, or ./kdr run {path} without a service"));
            return ExitCode.Done;
        });
        return command;
    }
}
