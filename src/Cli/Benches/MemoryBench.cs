using System.CommandLine;
using System.Text.Json.Nodes;
using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary><c>kdr bench memory</c>: resident memory of the run process over one training of many epochs.</summary>
static class MemoryBench
{
    const double Bound = 1.05;
    const string Worker = "worker-1";
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    public static Command Create(CommandContext context)
    {
        var epochs = UpCommand.Number("--epochs", "Epochs of the training", 50, 20, 10_000);
        var command = new Command("memory", "Memory of a run process over the epochs of a training") { epochs };
        command.SetAction((parsed, ct) => Run(context, parsed.GetValue(epochs), ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, int epochs, CancellationToken ct)
    {
        var before = Machine.LoadAverage();
        var spec = BenchSpec.Teacher(context.Folders, "bench-memory", (whole, weights) =>
        {
            whole["dataset"] = new JsonObject { ["name"] = "synthetic", ["trainImages"] = 100, ["testImages"] = 100 };
            weights["epochs"] = epochs;
            weights["adversarial"]!["fromEpoch"] = 0;
            weights["monitor"] = new JsonObject { ["every"] = 1, ["images"] = 100, ["attack"] = weights["adversarial"]!["attack"]!.DeepClone() };
        });
        await using var service = await BenchService.Start(context, 1, ct);
        var (job, samples) = await Follow(context, service, spec, ct);

        var rows = samples.GroupBy(s => s.Epoch).OrderBy(g => g.Key).Select(g => new
        {
            epoch = g.Key, run_process = Median(g, s => s.Run), supervisor = Median(g, s => s.Supervisor), api = Median(g, s => s.Api), postgres = Median(g, s => s.Postgres),
        }).ToList();
        double[] quarters = [.. Enumerable.Range(0, 4).Select(q => Sample.Median(rows.Where(r => (r.epoch - 1) * 4 / epochs == q).Select(r => r.run_process)))];
        var within = quarters[3] <= Bound * quarters[1];
        return BenchReport.Print(context, new
        {
            bench = "memory",
            measure = FormattableString.Invariant($"resident memory in MiB (VmRSS) of the run process over one training of {epochs} epochs of 100 synthetic images (the demo's teacher, adversarial from the first epoch, monitor with attack after each), sampled every {Every.TotalMilliseconds:0} ms, median of each epoch; the last quarter's median over the second's must keep the bound. PostgreSQL's processes are added, so that the memory they share counts in each."),
            machine = Machine.Kind,
            cpu = Machine.Cpu,
            cores = Environment.ProcessorCount,
            load_average_before = before,
            load_average = Machine.LoadAverage(),
            threads = 1,
            versions = Machine.Versions(job.Result!.Provenance),
            bound = Bound,
            within,
            ratio = BenchReport.Round(quarters[3] / quarters[1]),
            quarter_medians = quarters,
            slope_mib_per_epoch = BenchReport.Round(Sample.Slope([.. rows.Select(r => ((double)r.epoch, r.run_process))])),
            slope_mib_per_epoch_after_first_quarter = BenchReport.Round(Sample.Slope([.. rows.Where(r => (r.epoch - 1) * 4 / epochs > 0).Select(r => ((double)r.epoch, r.run_process))])),
            epochs_sampled = rows.Count,
            seconds = BenchReport.Round(job.Result.Seconds),
            rows,
        }, within);
    }

    /// <summary>Samples until the job has ended; the epoch of a sample is the one its latest progress told, from 1.</summary>
    static async Task<(JobView Job, IReadOnlyList<MemorySample> Samples)> Follow(CommandContext context, BenchService service, string spec, CancellationToken ct)
    {
        var epoch = 0;
        var computing = service.Compute(spec, message =>
        {
            if (message is not JobProgressed { Progress.Progress: { Phase: "train" } at }) return;
            if ((int)at.Done + 1 is var now && now % 10 == 0 && now != epoch) context.Terminal.Say(FormattableString.Invariant($"epoch {now} of {at.Total:0}"));
            Volatile.Write(ref epoch, Math.Min((int)at.Done + 1, (int)at.Total));
        }, ct);
        var samples = new List<MemorySample>();
        while (await Task.WhenAny(computing, Task.Delay(Every, ct)) != computing)
        {
            ct.ThrowIfCancellationRequested();
            if (Volatile.Read(ref epoch) is > 0 and var now && service.RunProcess(Worker) is { } run && ProcessUse.ResidentMiB(run.Id) is { } resident)
                samples.Add(new(now, resident, ProcessUse.ResidentMiB(service.Process(Worker)) ?? 0, ProcessUse.ResidentMiB(service.Process("api")) ?? 0, ProcessUse.TreeResidentMiB(service.Process("postgres"))));
        }
        return ((await computing).Job, samples);
    }

    static double Median(IEnumerable<MemorySample> samples, Func<MemorySample, double> which) => Math.Round(Sample.Median(samples.Select(which)), 1);

    /// <summary>Resident memory in MiB at one moment.</summary>
    sealed record MemorySample(int Epoch, double Run, double Supervisor, double Api, double Postgres);
}
