using System.CommandLine;
using System.Text.Json.Nodes;
using KdRobust.Cli.Commands;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary><c>kdr bench start</c>: from the commit of a job to its claim by an idle worker, both by the database's clock.</summary>
static class StartBench
{
    const double BoundMs = 1000;
    const int Workers = 2;

    public static Command Create(CommandContext context)
    {
        var jobs = UpCommand.Number("--jobs", "Jobs, one after the other", 40, 20, 10_000);
        var command = new Command("start", "Milliseconds from a job's commit to its start by an idle worker") { jobs };
        command.SetAction((parsed, ct) => Run(context, parsed.GetValue(jobs), ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, int count, CancellationToken ct)
    {
        var before = Machine.LoadAverage();
        await using var service = await BenchService.Start(context, Workers, ct);
        var latencies = new List<double>();
        var workers = new HashSet<string>(StringComparer.Ordinal);
        RunProvenance? provenance = null;
        for (var i = -1; i < count; i++)
        {
            // A pause that differs each time, so that no timer of a worker is met in the same phase always. Job -1 warms up.
            await Task.Delay(50 + 137 * (i + 1) % 700, ct);
            var (job, _) = await service.Compute(Spec(context, i + 1), null, ct);
            provenance = job.Result!.Provenance;
            if (i < 0) continue;
            var started = (await service.Client.Job(job.Id, ct)).Events.First(e => e.To == JobState.Running).At;
            latencies.Add((started - job.CreatedAt).TotalMilliseconds);
            workers.Add(job.Worker!);
        }

        var p95 = Sample.Quantile(latencies, 0.95);
        var within = p95 < BoundMs;
        return BenchReport.Print(context, new
        {
            bench = "start",
            measure = FormattableString.Invariant($"milliseconds from the insertion of a job (created_at, set inside the transaction, so its commit is included) to its first Running event (the claim by a worker whose run process stands ready), both by the database's clock; {Workers} idle workers; each job is submitted when the one before has ended and a pause of 50 to 750 ms has passed; quantiles by nearest rank; p95 must keep the bound"),
            machine = Machine.Kind,
            cpu = Machine.Cpu,
            cores = Environment.ProcessorCount,
            load_average_before = before,
            load_average = Machine.LoadAverage(),
            versions = Machine.Versions(provenance!),
            bound_ms = BoundMs,
            within,
            rows = new[]
            {
                new
                {
                    workers = Workers, workers_used = workers.Count, jobs = count, p50_ms = BenchReport.Round(Sample.Quantile(latencies, 0.5)), p95_ms = BenchReport.Round(p95),
                    p99_ms = BenchReport.Round(Sample.Quantile(latencies, 0.99)), largest_ms = BenchReport.Round(latencies.Max()), all_ms = latencies.Select(BenchReport.Round),
                },
            },
        }, within);
    }

    static string Spec(CommandContext context, int seed) => BenchSpec.Teacher(context.Folders, "bench-start", (spec, weights) =>
    {
        spec["seed"] = seed;
        spec["dataset"] = new JsonObject { ["name"] = "synthetic", ["trainImages"] = 50, ["testImages"] = 10 };
        spec["models"]!["cni"]!["noise"] = new JsonObject { ["kind"] = "none" };
        weights["epochs"] = 1;
        weights["adversarial"] = null;
    });
}
