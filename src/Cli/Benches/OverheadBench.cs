using System.CommandLine;
using KdRobust.Cli.Commands;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary>
/// <c>kdr bench overhead</c>: the demo's teacher through the service over <c>kdr run</c> of the same
/// spec. Both begin in a process that has to start first, and take turns in going first.
/// </summary>
static class OverheadBench
{
    const double Bound = 1.05;
    const int LeastPairs = 7;
    const string Worker = "worker-1";

    public static Command Create(CommandContext context)
    {
        var pairs = UpCommand.Number("--pairs", "Measurements of each side", LeastPairs, LeastPairs, 100);
        var command = new Command("overhead", "The demo's teacher through the service over ./kdr run of the same spec") { pairs };
        command.SetAction((parsed, ct) => Run(context, parsed.GetValue(pairs), ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, int count, CancellationToken ct)
    {
        var before = Machine.LoadAverage();
        var spec = BenchSpec.Teacher(context.Folders, "bench-overhead", (_, _) => { });
        await using var service = await BenchService.Start(context, 1, ct);
        var alone = new OneOffRun(context);
        var pairs = new List<(Served Served, Alone Alone)>();
        for (var i = -1; i < count; i++)
        {
            // Pair -1 warms up the API, the database and the file cache.
            var serviceFirst = i % 2 == 0;
            var first = serviceFirst ? await Serve(service, spec, ct) : null;
            var peer = await alone.Run(spec, ct);
            var served = first ?? await Serve(service, spec, ct);
            context.Terminal.Say(FormattableString.Invariant($"pair {i + 1} of {count}: {served.Seconds:0.00} s through the service, {peer.Seconds:0.00} s alone; CPU {served.RunCpu:0.00} + {served.ServiceCpu:0.00} s, {peer.Cpu:0.00} s"));
            if (i >= 0) pairs.Add((served, peer));
        }

        Row[] rows =
        [
            Row.Of("wall", "submission until the client knows of the end (POST, claim, start of a run process, training, checkpoints and metrics to the database, event stream) / whole process of kdr run (start, training, checkpoints and metrics to files, end)", true, pairs.Select(p => (p.Served.Seconds, p.Alone.Seconds))),
            Row.Of("cpu", "CPU seconds of the run process / of the whole process of kdr run", true, pairs.Select(p => (p.Served.RunCpu, p.Alone.Cpu))),
            Row.Of("cpu-all", "CPU seconds of the run process, supervisor, API and PostgreSQL together / of the whole process of kdr run", false, pairs.Select(p => (p.Served.RunCpu + p.Served.ServiceCpu, p.Alone.Cpu))),
            Row.Of("claim-to-end", "from the claim to the end by the database's clock (start of a run process included) / whole process of kdr run", false, pairs.Select(p => (p.Served.ClaimToEnd, p.Alone.Seconds))),
            Row.Of("computing", "seconds of computing as the job's result tells them / the same of kdr run", false, pairs.Select(p => (p.Served.Result.Seconds, p.Alone.Result.Seconds))),
        ];
        var sameDigits = pairs.All(p => Digits(p.Served.Result) == Digits(pairs[0].Alone.Result) && Digits(p.Alone.Result) == Digits(pairs[0].Alone.Result));
        var within = sameDigits && rows.Where(row => row.Bounded).All(row => row.Ratio <= Bound);
        return BenchReport.Print(context, new
        {
            bench = "overhead",
            measure = FormattableString.Invariant($"the demo's teacher (model cni on 2,000 images, one thread), all of its {pairs[0].Alone.Result.Epochs} epochs: through a service of one worker over kdr run of the same spec, taking turns; the median of the paired ratios of the rows with bounded = true must keep the bound. A service's run process usually stands ready; here it is killed before each measurement, so that both sides start cold."),
            machine = Machine.Kind,
            cpu = Machine.Cpu,
            cores = Environment.ProcessorCount,
            load_average_before = before,
            load_average = Machine.LoadAverage(),
            threads = 1,
            versions = Machine.Versions(pairs[0].Served.Result.Provenance),
            pairs = count,
            same_digits = sameDigits,
            final_loss = pairs[0].Alone.Result.FinalLoss,
            bound = Bound,
            within,
            rows,
        }, within);
    }

    static (double Loss, double Accuracy) Digits(TrainResult result) => (result.FinalLoss, result.FinalTrainAccuracy);

    static async Task<Served> Serve(BenchService service, string spec, CancellationToken ct)
    {
        await service.KillRunProcess(Worker);
        var before = ServiceCpu(service);
        var served = await service.Compute(spec, null, ct);
        var around = ServiceCpu(service) - before;
        var run = service.RunProcess(Worker) is { } process ? ProcessUse.CpuSeconds(process.Id) : throw new CommandFailedException(ExitCode.Failed, "the run process ended with its job: its processor time cannot be read");
        return new(served.Seconds, (served.Job.FinishedAt!.Value - served.Job.StartedAt!.Value).TotalSeconds, run, around, (TrainResult)served.Job.Result!);
    }

    /// <summary>Supervisor, API and PostgreSQL; a run process, one just killed above all, is not among them.</summary>
    static double ServiceCpu(BenchService service) =>
        ProcessUse.CpuSeconds(service.Process(Worker)) + ProcessUse.CpuSeconds(service.Process("api")) + ProcessUse.TreeCpuSeconds(service.Process("postgres"));

    /// <summary>A measurement through the service, in seconds.</summary>
    sealed record Served(double Seconds, double ClaimToEnd, double RunCpu, double ServiceCpu, TrainResult Result);

    /// <summary>One comparison over all pairs.</summary>
    sealed record Row(string What, string Inside, bool Bounded, double ServiceSeconds, double RunSeconds, double Ratio, double RatioLower95, double RatioUpper95, IReadOnlyList<double> Ratios)
    {
        public static Row Of(string what, string inside, bool bounded, IEnumerable<(double Service, double Run)> pairs)
        {
            var list = pairs.ToList();
            var ratios = list.Select(p => p.Service / p.Run).ToList();
            var interval = MedianInterval.Of(ratios);
            return new(
                what, inside, bounded, BenchReport.Round(Sample.Median(list.Select(p => p.Service))), BenchReport.Round(Sample.Median(list.Select(p => p.Run))),
                BenchReport.Round(interval.Median), BenchReport.Round(interval.Lower), BenchReport.Round(interval.Upper), [.. ratios.Select(BenchReport.Round)]);
        }
    }
}
