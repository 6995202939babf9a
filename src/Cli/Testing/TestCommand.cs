using System.CommandLine;
using System.Diagnostics;

namespace KdRobust.Cli.Testing;

/// <summary>
/// <c>kdr test</c>: runs the built test projects and ends with one plain line, <c>N passed, N failed, N skipped</c>.
/// Exit code 0 when something ran and nothing failed, else 1; 2 for a wrong option; 130 after Ctrl-C.
/// </summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var only = new Option<string?>("--only")
        {
            Description = "One test project (Torch, Learning, ...) or one Category trait (Golden, ...)",
            HelpName = "PROJECT|TRAIT",
        };
        var parallel = new Option<int>("--parallel")
        {
            Description = "How many projects run at once; those that watch the clock always run alone",
            DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount),
        };
        parallel.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var value) && value is < 1 or > 64)
                result.AddError($"--parallel must be from 1 to 64, not {value}");
        });
        var engine = new Option<string>("--engine")
        {
            Description = "The engine whose tests run; hangfire is built for it first, beside the rest",
            DefaultValueFactory = _ => TestSuite.Engines[0],
        };
        engine.AcceptOnlyFromAmong([.. TestSuite.Engines]);
        var packages = new Option<string?>("--packages") { Description = "A folder that has the engine's packages, where no package source has them (read by ./kdr)", HelpName = "FOLDER" };
        var yes = new Option<bool>("--yes") { Description = "Install missing packages without asking (read by ./kdr)" };

        var command = new Command("test", "Run all tests, or those of one project or trait") { only, parallel, engine, packages, yes };
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed.GetValue(only), parsed.GetValue(engine)!, parsed.GetValue(parallel), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? only, string engine, int parallel, CancellationToken cancellation)
    {
        TestSuite suite;
        try
        {
            suite = TestSuite.Select(TestSuite.FindRoot(), only, engine);
        }
        catch (InvalidSelectionException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }

        var clock = Stopwatch.StartNew();
        var report = new TestReport(suite, Console.Out);
        try
        {
            await Parallel.ForEachAsync(
                suite.Projects.Where(project => !project.RunsAlone),
                new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
                RunAndReportAsync);
            foreach (var project in suite.Projects.Where(project => project.RunsAlone))
                await RunAndReportAsync(project, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("interrupted: no summary");
            return 130;
        }
        return report.Finish(clock.Elapsed) ? 0 : 1;

        async ValueTask RunAndReportAsync(TestProject project, CancellationToken stop)
        {
            var process = new TestProcess(suite, project);
            report.Add(project, await process.RunAsync(report.AnnounceFailure, stop));
        }
    }
}
