using KdRobust.Cli.Testing;

namespace KdRobust.Cli.Tests.Testing;

public class TrxFileTests
{
    private const string Written = """
        <?xml version="1.0" encoding="utf-8"?>
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <Results>
            <UnitTestResult testName="A.Good" duration="00:00:01.5000000" outcome="Passed" />
            <UnitTestResult testName="A.Bad(x: 1)" duration="00:00:00.1000000" outcome="Failed">
              <Output><ErrorInfo><Message>expected 1</Message><StackTrace>   at A.Bad() in a.cs:line 6</StackTrace></ErrorInfo></Output>
            </UnitTestResult>
            <UnitTestResult testName="A.Skipped" duration="00:00:00" outcome="NotExecuted">
              <Output><ErrorInfo><Message>no data here</Message></ErrorInfo></Output>
            </UnitTestResult>
            <UnitTestResult testName="A.Odd" outcome="Aborted" />
          </Results>
        </TestRun>
        """;

    [Fact]
    public void Every_result_is_read_and_an_unknown_outcome_is_a_failure()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Written);

            var outcomes = TrxFile.Read(path);

            outcomes.Select(outcome => (outcome.Name, outcome.Kind)).ShouldBe(
            [
                ("A.Good", OutcomeKind.Passed), ("A.Bad(x: 1)", OutcomeKind.Failed),
                ("A.Skipped", OutcomeKind.Skipped), ("A.Odd", OutcomeKind.Failed),
            ]);
            outcomes[0].Duration.ShouldBe(TimeSpan.FromSeconds(1.5));
            outcomes[1].Message.ShouldBe("expected 1");
            outcomes[1].Stack.ShouldContain("a.cs:line 6");
            outcomes[2].Message.ShouldBe("no data here");
            outcomes[3].Message.ShouldContain("Aborted");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
