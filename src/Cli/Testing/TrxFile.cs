using System.Globalization;
using System.Xml.Linq;

namespace KdRobust.Cli.Testing;

internal enum OutcomeKind
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>What became of one test.</summary>
/// <param name="Name">Full name with the arguments of a theory's row.</param>
/// <param name="Kind">Passed, failed or skipped.</param>
/// <param name="Duration">The test's own time, without its fixtures.</param>
/// <param name="Message">The failure, or the reason of a skip; empty when it passed.</param>
/// <param name="Stack">Frames of a failure, empty otherwise.</param>
internal sealed record TestOutcome(string Name, OutcomeKind Kind, TimeSpan Duration, string Message, string Stack);

/// <summary>What became of one project.</summary>
/// <param name="Outcomes">Every test of the project that was selected.</param>
/// <param name="Elapsed">Wall time of the whole process.</param>
/// <param name="Broken">Why the run itself failed although no single test did; null when it ended as it should.</param>
internal sealed record ProjectResults(IReadOnlyList<TestOutcome> Outcomes, TimeSpan Elapsed, string? Broken)
{
    public int Count(OutcomeKind kind) => Outcomes.Count(outcome => outcome.Kind == kind);
}

/// <summary>Reads the test platform's result file.</summary>
internal static class TrxFile
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>All results of the file in its order; an outcome it does not know counts as a failure.</summary>
    public static IReadOnlyList<TestOutcome> Read(string path) =>
        [.. XDocument.Load(path).Descendants(Trx + "UnitTestResult").Select(Outcome)];

    private static TestOutcome Outcome(XElement result)
    {
        var error = result.Element(Trx + "Output")?.Element(Trx + "ErrorInfo");
        var outcome = (string?)result.Attribute("outcome");
        var kind = outcome switch
        {
            "Passed" => OutcomeKind.Passed,
            "NotExecuted" => OutcomeKind.Skipped,
            _ => OutcomeKind.Failed,
        };
        _ = TimeSpan.TryParse((string?)result.Attribute("duration"), CultureInfo.InvariantCulture, out var duration);
        var message = ((string?)error?.Element(Trx + "Message"))?.Trim();
        return new TestOutcome(
            (string?)result.Attribute("testName") ?? "(a test without a name)",
            kind,
            duration,
            message ?? (kind == OutcomeKind.Passed ? "" : $"no message; outcome {outcome}"),
            ((string?)error?.Element(Trx + "StackTrace"))?.TrimEnd() ?? "");
    }
}
