using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;

namespace KdRobust.Worker.Local;

/// <summary>
/// The verb <c>run</c>: one spec in this process, without service or database; the digits are the service's. What is
/// computed is kept by fingerprint, so that a second call goes on where the first was stopped. Progress goes to standard
/// error, the tables or the JSON report to standard output.
/// </summary>
static partial class RunVerb
{
    /// <summary>Runs the spec.</summary>
    /// <returns>0 when every job has a result, 1 when nothing can be computed here, 3 when a job failed, 130 when it was stopped.</returns>
    internal static int Run(RunOptions options)
    {
        try
        {
            PinThreads(options.Spec.Compute.Threads);
            // What is wrong with this machine is said before anything is begun.
            ComputeEnvironment.Pin(options.Spec.Compute);
            return RunHere(options);
        }
        catch (Exception error) when (error is DllNotFoundException or RunInputException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"results cannot be kept in {options.OutputFolder} ({error.Message}): make room there, or name another folder with --out");
            return 1;
        }
    }

    static int RunHere(RunOptions options)
    {
        var plan = ExperimentPlan.Of(options.Spec, options.RunNumber);
        var stop = new StopSignal();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(stop, signal));
        var screen = new Screen(plan.Jobs.Count, Console.Error);
        var ended = new LocalExperiment(plan, options.OutputFolder, options.DataFolder, options.Models).Run(screen.Begin, screen.Tell, screen.Tell, stop);

        var report = ReportOf(options.Spec, plan, ended);
        if (options.Json)
            Console.Out.WriteLine(JsonSerializer.Serialize(report, SpecJson.Indented));
        else
            Console.Out.Write(PlainReport.Of(report));
        if (stop.Requested is not null)
        {
            Console.Error.WriteLine("stopped; the same command goes on from here");
            return 130;
        }
        return report.Complete ? 0 : 3;
    }

    internal static void Stop(StopSignal stop, PosixSignalContext signal)
    {
        // The second signal ends at once; what was kept until then is whole.
        signal.Cancel = stop.Requested is null;
        stop.Request(StopReason.Drain);
    }

    internal static ExperimentReport ReportOf(ExperimentSpec spec, ExperimentPlan plan, IReadOnlyList<LocalJob> ended)
    {
        var results = ended.ToDictionary(job => job.Job.Key, job => job.Result, StringComparer.Ordinal);
        var metrics = ended.ToDictionary(job => job.Job.Key, job => job.Metrics.ToLookup(point => point.Series, StringComparer.Ordinal), StringComparer.Ordinal);
        return ExperimentReport.Of(spec, plan, results, (job, series) => metrics.TryGetValue(job, out var known) ? [.. known[series]] : []);
    }

    /// <summary>
    /// BLAS and OpenMP read the environment once, when libtorch brings them in, and not .NET's copy of it: it is set where
    /// they look, before anything of libtorch is loaded.
    /// </summary>
    internal static void PinThreads(int threads)
    {
        foreach (var (name, value) in ComputeEnvironment.Variables(threads))
        {
            Environment.SetEnvironmentVariable(name, value);
            if (SetNativeVariable(name, value, 1) != 0)
                throw new InvalidOperationException($"{name} could not be set");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNativeVariable(string name, string value, int overwrite);

    /// <summary>What a person sees while it runs: one line a job begun and ended, and one now and then between.</summary>
    /// <param name="jobs">How many jobs there are.</param>
    /// <param name="output">Where the lines go.</param>
    internal sealed class Screen(int jobs, TextWriter output)
    {
        static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

        int ended;
        long begun, shown;

        internal void Begin(PlannedJob job)
        {
            begun = shown = Stopwatch.GetTimestamp();
            output.WriteLine($"[{ended + 1}/{jobs}] {job.DisplayName}");
        }

        internal void Tell(PlannedJob job, RunEvent happened)
        {
            if (happened is not ProgressMade { Progress: var at } || Stopwatch.GetElapsedTime(shown) < Every)
                return;
            shown = Stopwatch.GetTimestamp();
            output.WriteLine(FormattableString.Invariant($"    {at.Phase}: {at.Unit} {at.Done:0.##} of {at.Total:0}")
                + Part(at.Loss, "loss", "0.000") + Part(100 * at.Accuracy, "accuracy %", "0.0") + Part(at.ImagesPerSecond, "images/s", "0") + Part(at.SecondsLeft, "seconds left", "0"));
        }

        internal void Tell(LocalJob job)
        {
            ended++;
            var seconds = FormattableString.Invariant($"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
            output.WriteLine(job.End switch
            {
                LocalJobEnd.Computed => $"    done in {seconds}",
                LocalJobEnd.Reused => $"[{ended}/{jobs}] {job.Job.DisplayName}: kept from before",
                LocalJobEnd.Stopped => $"    stopped after {seconds}",
                LocalJobEnd.Failed => $"[{ended}/{jobs}] {job.Job.DisplayName} failed: {job.Failure}",
                _ => $"[{ended}/{jobs}] {job.Job.DisplayName}: skipped, {job.Failure}",
            });
        }

        static string Part(double? number, string what, string format) =>
            number is { } value ? FormattableString.Invariant($", {what} ") + value.ToString(format, System.Globalization.CultureInfo.InvariantCulture) : "";
    }
}
