using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr diff</c>: what differs between two experiments, in their specs and in their results.</summary>
static class DiffCommand
{
    public static Command Create(CommandContext context)
    {
        var (a, b) = (new Argument<string>("a") { Description = ExperimentName.Explanation }, new Argument<string>("b") { Description = "The other one" });
        var server = CommandContext.ServerOption();
        var command = new Command("diff", "Show what differs between two experiments: specs, then results") { a, b, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var (first, second) = (await ExperimentName.Resolve(client, parsed.GetValue(a)!, ct), await ExperimentName.Resolve(client, parsed.GetValue(b)!, ct));
            var specs = Specs(await Leaves(client, first, ct), await Leaves(client, second, ct)).ToList();
            foreach (var line in specs) context.Terminal.Out.WriteLine(line);
            if (specs.Count == 0) context.Terminal.Say("the specs are the same");
            Results(context.Terminal, await Records(client, first, ct), await Records(client, second, ct));
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<SortedDictionary<string, string>> Leaves(ServiceClient client, Guid id, CancellationToken ct)
    {
        var leaves = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Collect(JsonSerializer.SerializeToNode((await client.Experiment(id, ct)).Spec, SpecJson.Options), "", leaves);
        return leaves;
    }

    static void Collect(JsonNode? node, string path, SortedDictionary<string, string> leaves)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } fields:
                foreach (var (name, value) in fields) Collect(value, path.Length == 0 ? name : $"{path}.{name}", leaves);
                break;
            case JsonArray { Count: > 0 } list:
                for (var i = 0; i < list.Count; i++) Collect(list[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), leaves);
                break;
            default:
                leaves[path] = node?.ToJsonString(SpecJson.Options) ?? "null";
                break;
        }
    }

    static IEnumerable<string> Specs(SortedDictionary<string, string> a, SortedDictionary<string, string> b)
    {
        foreach (var path in a.Keys.Union(b.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (had, has) = (a.GetValueOrDefault(path), b.GetValueOrDefault(path));
            if (had == has) continue;
            if (had is not null) yield return $"- {path} {had}";
            if (has is not null) yield return $"+ {path} {has}";
        }
    }

    static async Task<Dictionary<string, ResultRecord>> Records(ServiceClient client, Guid id, CancellationToken ct) =>
        JsonSerializer.Deserialize<ExperimentReport>(await client.Report(id, "json", ct), ServiceJson.Options)!.Records.ToDictionary(record => record.Id, StringComparer.Ordinal);

    static void Results(Terminal terminal, Dictionary<string, ResultRecord> a, Dictionary<string, ResultRecord> b)
    {
        var columns = new Columns("RESULT", "A", "B", "DIFFERENCE");
        var both = a.Keys.Intersect(b.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        foreach (var id in both)
            columns.Add(id, Text(a[id]), Text(b[id]), string.Create(CultureInfo.InvariantCulture, $"{b[id].Accuracy - a[id].Accuracy:+0.00;-0.00;0.00} points{(Apart(a[id], b[id]) ? "" : ", intervals overlap")}"));
        columns.Write(terminal);
        terminal.Say(both.Count == 0 ? "no result is known of both yet" : string.Create(CultureInfo.InvariantCulture, $"{both.Count} result(s) of both; {a.Count - both.Count} only of the first, {b.Count - both.Count} only of the second"));
    }

    static bool Apart(ResultRecord a, ResultRecord b) => a.Shown.Lower > b.Shown.Upper || b.Shown.Lower > a.Shown.Upper;

    static string Text(ResultRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.Accuracy:0.00} [{record.Shown.Lower:0.0}, {record.Shown.Upper:0.0}] n={record.Images}");
}
