using System.Diagnostics;

namespace KdRobust.Cli.Testing;

/// <summary>Runs one test project in a process of its own and reads the result file it leaves.</summary>
internal sealed class TestProcess(TestSuite suite, TestProject project)
{
    // A test that says nothing for this long is named and its process ended, instead of hanging the run.
    private const string HangLimit = "10m";
    private const int TailLines = 40;

    private readonly Lock gate = new();
    private readonly Queue<string> tail = new();

    /// <param name="failing">Called with a test's name as soon as it fails, from any thread.</param>
    /// <param name="cancellation">Ends the process and everything it started.</param>
    public async Task<ProjectResults> RunAsync(Action<TestProject, string> failing, CancellationToken cancellation)
    {
        var folder = Path.Combine(suite.ResultsFolder, project.Name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var trx = Path.Combine(folder, "results.trx");

        var clock = Stopwatch.StartNew();
        await using var log = new StreamWriter(Path.Combine(folder, "output.log"));
        using var process = new Process { StartInfo = StartInfo(folder) };
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        IReadOnlyList<TestOutcome> outcomes = File.Exists(trx) ? TrxFile.Read(trx) : [];
        lock (gate)
        {
            // A crash of the test process (or a hang) leaves an exit code and no failed test to show for it.
            var broken = process.ExitCode != 0 && !outcomes.Any(outcome => outcome.Kind == OutcomeKind.Failed);
            return new ProjectResults(outcomes, clock.Elapsed, broken
                ? $"the test process ended with code {process.ExitCode} and no failed test; the end of {Path.Combine(folder, "output.log")}:\n{string.Join('\n', tail)}"
                : null);
        }

        void Heard(string? line)
        {
            if (line is null)
                return;
            lock (gate)
            {
                log.WriteLine(line);
                tail.Enqueue(line);
                if (tail.Count > TailLines)
                    tail.Dequeue();
            }
            if (line.StartsWith("[xUnit.net", StringComparison.Ordinal) && line.EndsWith(" [FAIL]", StringComparison.Ordinal))
                failing(project, line[(line.IndexOf(']') + 1)..^" [FAIL]".Length].Trim());
        }
    }

    private ProcessStartInfo StartInfo(string folder)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = suite.Root,
            ArgumentList =
            {
                "test", project.Assembly,
                "--logger", "trx;LogFileName=results.trx",
                "--results-directory", folder,
                "--blame-hang-timeout", HangLimit, "--blame-hang-dump-type", "none",
            },
        };
        if (suite.Trait is { } trait)
        {
            start.ArgumentList.Add("--filter");
            start.ArgumentList.Add($"Category={trait}");
        }
        start.Environment["KDR_ROOT"] = suite.Root;
        // Two spinning thread pools on two cores cost more than they give; a test that needs threads asks for them.
        foreach (var library in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
            start.Environment[library] = "1";
        // Tests start services of their own: never the one the caller happens to use.
        start.Environment.Remove("KDR_SERVER");
        start.Environment.Remove("KDR_KEY");
        return start;
    }
}
