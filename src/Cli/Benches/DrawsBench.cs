using System.CommandLine;
using System.Text.Json.Nodes;
using KdRobust.Cli.Commands;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary><c>kdr bench draws</c>: peak memory of a run must not grow with the draws M of an evaluation or the steps k of an attack.</summary>
static class DrawsBench
{
    const double Bound = 1.02;
    const int LeastRuns = 3;

    public static Command Create(CommandContext context)
    {
        var runs = UpCommand.Number("--runs", "Runs of each size", LeastRuns, LeastRuns, 100);
        var command = new Command("draws", "Peak memory with M = 8 and 512 draws, and with k = 10 and 100 attack steps") { runs };
        command.SetAction((parsed, ct) => Run(context, parsed.GetValue(runs), ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, int runs, CancellationToken ct)
    {
        var before = Machine.LoadAverage();
        var alone = new OneOffRun(context);
        var measured = new Dictionary<(string What, int Size), List<Alone>>();
        // Sizes take turns, so that whatever else the machine does meets all of them.
        for (var i = 0; i < runs; i++)
            foreach (var (what, size) in ((string What, int Size)[])[("draws M of an evaluation", 8), ("draws M of an evaluation", 512), ("steps k of an attack", 10), ("steps k of an attack", 100)])
            {
                var run = await alone.Run(Spec(context, what.StartsWith("draws", StringComparison.Ordinal), size), ct);
                context.Terminal.Say(FormattableString.Invariant($"run {i + 1} of {runs}, {size} {what}: {run.PeakMiB:0.0} MiB, {run.Seconds:0.0} s"));
                if (!measured.TryGetValue((what, size), out var list)) measured[(what, size)] = list = [];
                list.Add(run);
            }

        Row[] rows = [.. measured.GroupBy(m => m.Key.What).Select(group => Row.Of(group.Key, [.. group.OrderBy(m => m.Key.Size).Select(m => (m.Key.Size, Sample.Median(m.Value.Select(r => r.PeakMiB))))]))];
        var within = rows.All(row => row.Ratio <= Bound);
        return BenchReport.Print(context, new
        {
            bench = "draws",
            measure = FormattableString.Invariant($"peak resident memory in MiB (VmHWM) of the whole process of kdr run: the demo's teacher trained for one clean epoch on 100 synthetic images in batches of 10, then one evaluation of M draws, or one attack of k steps, on 256 images; median of {runs} runs. The larger size over the smaller must keep the bound."),
            machine = Machine.Kind,
            cpu = Machine.Cpu,
            cores = Environment.ProcessorCount,
            load_average_before = before,
            load_average = Machine.LoadAverage(),
            threads = 1,
            versions = Machine.Versions(measured.Values.First()[0].Results.First(r => r is TrainResult).Provenance),
            runs,
            bound = Bound,
            within,
            rows,
        }, within);
    }

    // The training is kept so small that what follows it sets the peak.
    static string Spec(CommandContext context, bool draws, int size) => BenchSpec.Teacher(context.Folders, "bench-draws", (whole, weights) =>
    {
        var attack = weights["adversarial"]!["attack"]!.DeepClone();
        whole["dataset"] = new JsonObject { ["name"] = "synthetic", ["trainImages"] = 100, ["testImages"] = 256 };
        weights["epochs"] = 1;
        weights["batchSize"] = 10;
        weights["microBatch"] = 10;
        weights["adversarial"] = null;
        weights["monitor"] = null;
        var view = JsonNode.Parse("""{"model":"cni","checkpoint":"last","weightNoise":true,"inputNoise":null,"aggregation":"votes","sharing":"shared","earlyStop":false}""")!.AsObject();
        view["draws"] = draws ? size : 1;
        whole["views"] = new JsonObject { ["cni"] = view };
        if (draws)
        {
            whole["evaluations"] = new JsonObject { ["clean"] = new JsonObject { ["view"] = "cni", ["images"] = 256 } };
            return;
        }
        attack["steps"] = size;
        whole["transfers"] = new JsonObject { ["attack"] = new JsonObject { ["attacker"] = "cni", ["attack"] = attack, ["targets"] = new JsonArray("cni"), ["curveDraws"] = 1, ["images"] = 256 } };
    });

    /// <summary>Peak memory of both sizes.</summary>
    sealed record Row(string What, int Small, int Large, double SmallMib, double LargeMib, double Ratio)
    {
        public static Row Of(string what, IReadOnlyList<(int Size, double Peak)> sizes) =>
            new(what, sizes[0].Size, sizes[^1].Size, BenchReport.Round(sizes[0].Peak), BenchReport.Round(sizes[^1].Peak), BenchReport.Round(sizes[^1].Peak / sizes[0].Peak));
    }
}
