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

        Row[] rows = [.. samples.GroupBy(s => s.Epoch).OrderBy(g => g.Key).Select(g => new Row(g.Key, Median(g, s => s.Run), Median(g, s => s.Supervisor), Median(g, s => s.Api), Median(g, s => s.Postgres)))];
        double[] Quarters(Func<Row, double> which) => [.. Enumerable.Range(0, 4).Select(q => Sample.Median(rows.Where(r => Quarter(r, epochs) == q).Select(which)))];
        var run = Quarters(r => r.RunProcess);
        var within = run[3] <= Bound * run[1];
        return BenchReport.Print(context, new
        {
            bench = "memory",
            measure = FormattableString.Invariant($"resident memory in MiB (VmRSS) of the run process over one training of {epochs} epochs of 100 synthetic images (the demo's teacher, adversarial from the first epoch, monitor with attack after each), sampled every {Every.TotalMilliseconds:0} ms, median of each epoch; the last quarter's median over the second's must keep the bound. supervisor and API likewise; postgres is the proportional memory (Pss) of all its processes, its buffers included, which fill up to their size."),
            machine = Machine.Kind,
            cpu = Machine.Cpu,
            cores = Environment.ProcessorCount,
            load_average_before = before,
            load_average = Machine.LoadAverage(),
            threads = 1,
            versions = Machine.Versions(job.Result!.Provenance),
            bound = Bound,
            within,
            ratio = BenchReport.Round(run[3] / run[1]),
            quarter_medians = new { run_process = run, supervisor = Quarters(r => r.Supervisor), api = Quarters(r => r.Api), postgres = Quarters(r => r.Postgres) },
            slope_mib_per_epoch = BenchReport.Round(Sample.Slope([.. rows.Select(r => ((double)r.Epoch, r.RunProcess))])),
            slope_mib_per_epoch_after_first_quarter = BenchReport.Round(Sample.Slope([.. rows.Where(r => Quarter(r, epochs) > 0).Select(r => ((double)r.Epoch, r.RunProcess))])),
            epochs_sampled = rows.Length,
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
                samples.Add(new(now, resident, ProcessUse.ResidentMiB(service.Process(Worker)) ?? 0, ProcessUse.ResidentMiB(service.Process("api")) ?? 0, ProcessUse.TreeProportionalMiB(service.Process("postgres"))));
        }
        return ((await computing).Job, samples);
    }

    static int Quarter(Row row, int epochs) => (row.Epoch - 1) * 4 / epochs;

    static double Median(IEnumerable<MemorySample> samples, Func<MemorySample, double> which) => Math.Round(Sample.Median(samples.Select(which)), 1);

    /// <summary>Resident memory in MiB at one moment.</summary>
    sealed record MemorySample(int Epoch, double Run, double Supervisor, double Api, double Postgres);

    /// <summary>The medians of one epoch in MiB.</summary>
    sealed record Row(int Epoch, double RunProcess, double Supervisor, double Api, double Postgres);
}
