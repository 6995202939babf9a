using Xunit.Abstractions;

namespace KdRobust.Box;

/// <summary>Counts tests, prints those that fail, and lists skips by reason at the end.</summary>
sealed class TestReport(TextWriter output)
{
    readonly SortedDictionary<string, int> _reasons = new(StringComparer.Ordinal);
    readonly List<string> _failures = [];
    readonly List<string> _cut = [];
    decimal _seconds;

    internal int Passed { get; private set; }

    internal int Failed => _failures.Count;

    internal int Skipped { get; private set; }

    /// <summary>The same as data.</summary>
    internal object Summary => new { Passed, Failed, Skipped, Seconds = Math.Round(_seconds, 1), Reasons = _reasons, Failures = _failures, CutShort = _cut };

    /// <summary>Takes one message of xunit.</summary>
    internal bool Tell(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestPassed passed:
                Passed++;
                _seconds += passed.ExecutionTime;
                break;
            case ITestFailed failed:
                _seconds += failed.ExecutionTime;
                Fail(failed.Test.DisplayName, failed.Messages, failed.StackTraces);
                break;
            case ITestSkipped skipped:
                Skipped++;
                _reasons[skipped.Reason] = _reasons.GetValueOrDefault(skipped.Reason) + 1;
                break;
            case IErrorMessage error:
                Fail(error.GetType().Name, error.Messages, error.StackTraces);
                break;
            case ITestClassCleanupFailure error:
                Fail(error.TestClass.Class.Name, error.Messages, error.StackTraces);
                break;
            default:
                break;
        }
        return true;
    }

    internal void CutShort(string assembly, TimeSpan limit)
    {
        _cut.Add(assembly);
        output.WriteLine($"{assembly} was cut short after {limit.TotalSeconds:0} s");
    }

    internal void Summarize()
    {
        foreach (var (reason, count) in _reasons) output.WriteLine($"{count} skipped: {reason}");
        output.WriteLine($"{Passed} passed, {Failed} failed, {Skipped} skipped");
    }

    void Fail(string name, string[] messages, string[] traces)
    {
        var text = $"{name}: {string.Join(" / ", messages)}";
        _failures.Add(text);
        output.WriteLine($"FAILED {text}");
        output.WriteLine(traces.FirstOrDefault());
        output.Flush();
    }
}
