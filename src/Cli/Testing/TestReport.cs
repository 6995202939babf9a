using System.Globalization;
using System.Text.RegularExpressions;

namespace KdRobust.Cli.Testing;

/// <summary>
/// Writes the run as it goes: failures when they happen, one line a project with its seconds, then skips grouped by
/// reason and the summary, which is always the last line.
/// </summary>
internal sealed partial class TestReport(TestSuite suite, TextWriter output)
{
    private readonly Lock gate = new();
    private readonly List<(TestProject Project, ProjectResults Results)> finished = [];

    /// <summary>One line, at once; the message follows when its project ends.</summary>
    public void AnnounceFailure(TestProject project, string test)
    {
        lock (gate)
            output.WriteLine($"{project.Name}: FAILED {test}");
    }

    /// <summary>The project's line and the whole of each failure.</summary>
    public void Add(TestProject project, ProjectResults results)
    {
        // Under a trait most projects have nothing to run; without one, a project without tests is a mistake.
        if (results.Outcomes.Count == 0 && results.Broken is null)
        {
            if (suite.Trait is not null)
                return;
            results = results with { Broken = "no test executed: the project contains none" };
        }

        lock (gate)
        {
            finished.Add((project, results));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{project.Name,-22} {Counts(results),-40} {results.Elapsed.TotalSeconds,7:F1} s"));
            foreach (var failure in results.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Failed))
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  FAILED {failure.Name} ({failure.Duration.TotalSeconds:F1} s)"));
                WriteIndented(failure.Message);
                WriteIndented(OwnFrames(failure.Stack));
            }
            if (results.Broken is { } broken)
            {
                output.WriteLine($"  FAILED {project.Name}");
                WriteIndented(broken);
            }
            output.Flush();
        }
    }

    /// <summary>The contract of each engine, skips by reason, then the summary. True when tests ran and nothing failed.</summary>
    public bool Finish(TimeSpan elapsed)
    {
        WriteContracts();
        var skips = finished
            .SelectMany(entry => entry.Results.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Skipped)
                .Select(outcome => (Test: $"{entry.Project.Name}: {outcome.Name}", outcome.Message)))
            .Concat(suite.LeftOut.Select(project => (Test: project.Name, Message: project.Reason)))
            .GroupBy(skip => skip.Message)
            .OrderByDescending(group => group.Count())
            .ToList();
        if (skips.Count > 0)
            output.WriteLine("skipped:");
        foreach (var group in skips)
        {
            output.WriteLine($"  {group.Count(),4} x {group.Key}");
            output.WriteLine($"         {(group.Count() == 1 ? "" : "for example ")}{group.First().Test}");
        }

        int Total(OutcomeKind kind) => finished.Sum(entry => entry.Results.Count(kind));
        var passed = Total(OutcomeKind.Passed);
        var failed = Total(OutcomeKind.Failed) + finished.Count(entry => entry.Results.Broken is not null);
        var skipped = Total(OutcomeKind.Skipped) + suite.LeftOut.Count;
        if (passed + failed == 0)
        {
            failed = 1;
            output.WriteLine(
                skipped > 0 ? "no test executed: every one was skipped, for the reasons above"
                : suite.Trait is { } trait ? $"no test executed: no project and no Category trait is called {trait}; projects: {string.Join(", ", suite.Projects.Select(p => p.Name))}"
                : "no test executed");
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{finished.Count} projects in {elapsed.TotalSeconds:F0} s"));
        output.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        output.Flush();
        return failed == 0;
    }

    /// <summary>What each engine that is compiled in was held to, promise by promise.</summary>
    private void WriteContracts()
    {
        var held = finished.SelectMany(entry => entry.Results.Outcomes).Select(outcome => (Match: ContractTest().Match(outcome.Name), outcome.Kind)).Where(found => found.Match.Success);
        foreach (var engine in held.GroupBy(found => found.Match.Groups["engine"].Value, StringComparer.Ordinal))
        {
            output.WriteLine($"contract of engine {engine.Key}:");
            foreach (var (test, kind) in engine.OrderBy(found => found.Match.Groups["number"].Value, StringComparer.Ordinal))
                output.WriteLine($"  {test.Groups["number"].Value} {kind.ToString().ToLowerInvariant(),-7} {test.Groups["promise"].Value.Replace('_', ' ')}");
        }
    }

    [GeneratedRegex("""\.Contract_(?<number>\d\d)_(?<promise>\w+)\(engine: "(?<engine>[^"]+)"\)$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContractTest();

    private static string Counts(ProjectResults results)
    {
        var parts = new List<string> { $"{results.Count(OutcomeKind.Passed)} passed" };
        if (results.Count(OutcomeKind.Failed) is > 0 and var failed)
            parts.Add($"{failed} failed");
        if (results.Count(OutcomeKind.Skipped) is > 0 and var skipped)
            parts.Add($"{skipped} skipped");
        return string.Join(", ", parts);
    }

    /// <summary>The frames in files of the checkout, with paths relative to it; all frames when there are none.</summary>
    private string OwnFrames(string stack)
    {
        var frames = stack.Split('\n');
        string[] own = [.. frames.Where(frame => frame.Contains(suite.Root, StringComparison.Ordinal))];
        return string.Join('\n', own.Length > 0 ? own : frames).Replace(suite.Root + Path.DirectorySeparatorChar, "");
    }

    private void WriteIndented(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Length > 0)
                output.WriteLine($"    {line.TrimEnd('\r')}");
        }
    }
}
