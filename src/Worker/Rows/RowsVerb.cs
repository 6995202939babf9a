using System.Diagnostics;
using System.Runtime.InteropServices;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;
using KdRobust.Worker.Local;

namespace KdRobust.Worker.Rows;

/// <summary>
/// The verb <c>rows</c>: the next rows of an order in this process until a time limit, for a machine that is lent for a short
/// while and forgets. What earlier visits found is taken from STATE/in, what this one finds is put into STATE/out.
/// </summary>
sealed class RowsVerb
{
    /// <summary>The time limit came before the last row.</summary>
    internal const int OutOfTime = 4;

    readonly RowsOptions _options;
    readonly CarriedFiles _files;
    readonly StopSignal _stop = new();
    readonly long _begun = Stopwatch.GetTimestamp();
    readonly string _deviceName;
    IReadOnlySet<string> _rounded = new HashSet<string>(StringComparer.Ordinal);
    bool _failed;
    bool _waited;

    RowsVerb(RowsOptions options, string deviceName) => (_options, _files, _deviceName) = (options, new CarriedFiles(options.Runs), deviceName);

    /// <summary>Runs the rows.</summary>
    /// <returns>0 when every row is complete, 1 when nothing can be computed here, 3 when a job failed, 4 when time or an input was missing, 130 when it was stopped.</returns>
    internal static int Run(RowsOptions options)
    {
        try
        {
            var compute = options.Specs.Values.First().Compute with { Device = options.Device };
            RunVerb.PinThreads(compute.Threads);
            ComputeEnvironment.Pin(compute);
            return new RowsVerb(options, ComputeEnvironment.DeviceName(compute)).Run();
        }
        catch (Exception error) when (error is DllNotFoundException or RunInputException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    int Run()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => RunVerb.Stop(_stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => RunVerb.Stop(_stop, signal));
        var late = false;
        using var timer = new Timer(_ =>
        {
            late = true;
            _stop.Request(StopReason.Drain);
        }, null, _options.Limit, Timeout.InfiniteTimeSpan);
        Directory.CreateDirectory(_options.Runs);
        _rounded = _files.Take(_options.In, Say);
        foreach (var record in Directory.Exists(_options.In) ? Directory.GetFiles(_options.In, "0-row-*.json") : [])
        {
            Directory.CreateDirectory(_options.Out);
            var here = Path.Combine(_options.Out, Path.GetFileName(record));
            if (!File.Exists(here)) File.Copy(record, here);
        }
        foreach (var row in _options.Order.Rows)
        {
            if (_stop.Requested is not null) break;
            Run(row);
        }
        if (_stop.Requested is not null && !late) return 130;
        return _failed ? 3 : late || _waited ? OutOfTime : 0;
    }

    void Run(OrderedRow row)
    {
        var before = RowRecord.Read(_options.Out, row.Name);
        if (before is { Complete: true })
        {
            Say($"{row.Name}: complete");
            return;
        }
        var left = (_options.Limit - Stopwatch.GetElapsedTime(_begun)).TotalMinutes;
        if (row.Whole && row.Minutes > left)
        {
            _waited = true;
            Say(FormattableString.Invariant($"{row.Name}: takes about {row.Minutes:0.#} minutes in one visit, and {left:0.#} are left: not begun"));
            return;
        }
        var begun = Stopwatch.GetTimestamp();
        if (BaseOf(row) is not { } basis || Epochs(row, before, basis) is not { } fit) return;
        var spec = RowSpec.Of(basis, row, _options.Device, fit.Epochs);
        var plan = ExperimentPlan.Of(spec);
        var jobs = RowSpec.Jobs(plan, row.Models);
        if (Missing(plan, jobs) is { } missing)
        {
            _waited = true;
            Say($"{row.Name}: needs the result of '{missing}', which is of an earlier row or did not come along: not begun");
            return;
        }
        Say(FormattableString.Invariant($"{row.Name}: {jobs.Count} jobs, about {row.Minutes:0.#} minutes"));
        var screen = new RunVerb.Screen(jobs.Count, Console.Error);
        var ended = new LocalExperiment(plan, _options.Runs, _options.DataFolder, null, jobs).Run(screen.Begin, screen.Tell, screen.Tell, _stop);
        var chosen = plan.Jobs.Where(job => jobs.Contains(job.Key)).ToList();
        var ends = ended.ToDictionary(job => job.Job.Key, StringComparer.Ordinal);
        _failed |= chosen.Any(job => ends.GetValueOrDefault(job.Key)?.End is LocalJobEnd.Failed);
        _files.Put(chosen, _options.Out);
        new RowRecord(
            row.Name, row.Spec, _deviceName, fit.Epochs, fit.ImagesPerSecond, row.Minutes, [.. before?.Minutes ?? [], Stopwatch.GetElapsedTime(begun).TotalMinutes],
            [.. before?.Continued ?? [], .. chosen.Where(job => _rounded.Contains(job.Fingerprint)).Select(job => FormattableString.Invariant($"{job.Key} in visit {(before?.Minutes.Count ?? 0) + 1}"))],
            chosen.All(job => ends.GetValueOrDefault(job.Key)?.Result is not null),
            [.. chosen.Select(job => new RowJob(job.Key, job.Fingerprint, ends.GetValueOrDefault(job.Key)?.End.ToString(), ends.GetValueOrDefault(job.Key)?.Failure))],
            RunVerb.ReportOf(spec, plan, ended)).Write(_options.Out);
    }

    // The spec as the row before has it, for the same teacher is to be found again. Null when that row was not begun.
    ExperimentSpec? BaseOf(OrderedRow row)
    {
        if (_options.Order.Before(row) is not { } before) return _options.Specs[row.Spec];
        var record = RowRecord.Read(_options.Out, before.Name);
        if (record is not null) return BaseOf(before) is { } basis ? RowSpec.Of(basis, before, _options.Device, record.Epochs) : null;
        _waited = true;
        Say($"{row.Name}: comes after '{before.Name}', of which nothing is here: not begun");
        return null;
    }

    // Fixed by an earlier visit, by the order, or by what this machine is measured to do. Null when stopped meanwhile.
    (int? Epochs, double? ImagesPerSecond)? Epochs(OrderedRow row, RowRecord? before, ExperimentSpec basis)
    {
        if (before is not null) return (before.Epochs, before.ImagesPerSecond);
        if (row.FitMinutes is not { } minutes) return (row.Epochs, null);
        var plan = ExperimentPlan.Of(RowSpec.Of(basis, row, _options.Device, null));
        if (EpochFit.Measure((TrainPayload)plan.TrainingOf(row.Models[0]).Payload, minutes / row.Models.Count, _options.DataFolder, _stop) is not { } fit) return null;
        Say(FormattableString.Invariant($"{row.Name}: {fit.ImagesPerSecond:0} images a second, so {fit.Epochs} epochs in {minutes:0.#} minutes"));
        return (fit.Epochs, fit.ImagesPerSecond);
    }

    // A parent outside the row without a result, and so without outputs.
    string? Missing(ExperimentPlan plan, HashSet<string> jobs) => plan.Jobs
        .Where(job => jobs.Contains(job.Key))
        .SelectMany(job => job.Inputs.Values)
        .Where(input => !jobs.Contains(input.Job))
        .FirstOrDefault(input => !File.Exists(Path.Combine(_options.Runs, plan.Job(input.Job).Fingerprint, $"{input.Output}.safetensors")))?.Job;

    static void Say(string line) => Console.Error.WriteLine(line);
}
