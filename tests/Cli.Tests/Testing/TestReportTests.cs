using KdRobust.Cli.Testing;

namespace KdRobust.Cli.Tests.Testing;

public sealed class TestReportTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kdr-report-").FullName;
    private readonly StringWriter output = new();

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void The_last_line_is_the_plain_summary_over_all_projects()
    {
        var report = Report(out var projects);
        report.Add(projects[0], Results(Passed("a"), Passed("b"), Skipped("c", "KDR_DATA is not set")));
        report.Add(projects[1], Results(Passed("d")));

        report.Finish(TimeSpan.FromSeconds(3)).ShouldBeTrue();

        Lines()[^1].ShouldBe("3 passed, 0 failed, 1 skipped");
    }

    [Fact]
    public void A_failure_shows_its_message_and_the_frames_of_the_checkout()
    {
        var report = Report(out var projects);
        report.Add(projects[0], Results(new TestOutcome("Ns.Class.Broken", OutcomeKind.Failed, TimeSpan.FromSeconds(1),
            "expected 1\nbut was 2", $"   at Ns.Class.Broken() in {root}/tests/X.cs:line 7\n   at Framework.Invoke() in /_/src/F.cs:line 3")));

        report.Finish(TimeSpan.FromSeconds(3)).ShouldBeFalse();

        var text = output.ToString();
        text.ShouldContain("FAILED Ns.Class.Broken");
        text.ShouldContain("    but was 2");
        text.ShouldContain("in tests/X.cs:line 7");
        text.ShouldNotContain("/_/src/F.cs");
        Lines()[^1].ShouldBe("0 passed, 1 failed, 0 skipped");
    }

    [Fact]
    public void Skips_are_grouped_by_reason_with_their_number()
    {
        var report = Report(out var projects);
        report.Add(projects[0], Results(Passed("a"), Skipped("b", "no images"), Skipped("c", "no images"), Skipped("d", "no GPU")));

        report.Finish(TimeSpan.Zero).ShouldBeTrue();

        Lines().ShouldContain("     2 x no images");
        Lines().ShouldContain("     1 x no GPU");
    }

    [Fact]
    public void The_contract_of_each_engine_is_listed_promise_by_promise()
    {
        var report = Report(out var projects);
        report.Add(projects[0], Results(
            Passed("Ns.DeathContract.Contract_04_A_zombie_writes_nothing(engine: \"postgres\")"), Passed("Ns.EnqueueContract.Contract_01_No_row(engine: \"postgres\")"),
            Skipped("Ns.EnqueueContract.Contract_01_No_row(engine: \"other\")", "it is not there"), Passed("Ns.Other.Contract_of_nothing")));

        report.Finish(TimeSpan.Zero).ShouldBeTrue();

        Lines().SkipWhile(line => !line.StartsWith("contract of")).TakeWhile(line => line != "skipped:").ShouldBe(
            ["contract of engine postgres:", "  01 passed  No row", "  04 passed  A zombie writes nothing", "contract of engine other:", "  01 skipped No row"]);
    }

    [Fact]
    public void A_project_without_tests_is_a_failure()
    {
        var report = Report(out var projects);
        report.Add(projects[0], Results(Passed("a")));
        report.Add(projects[1], Results());

        report.Finish(TimeSpan.Zero).ShouldBeFalse();

        Lines()[^1].ShouldBe("1 passed, 1 failed, 0 skipped");
    }

    [Fact]
    public void A_trait_that_no_test_carries_is_a_failure_that_names_it()
    {
        var report = Report(out var projects, only: "Goldn");
        report.Add(projects[0], Results());
        report.Add(projects[1], Results());

        report.Finish(TimeSpan.Zero).ShouldBeFalse();

        output.ToString().ShouldContain("no Category trait is called Goldn");
        Lines()[^1].ShouldBe("0 passed, 1 failed, 0 skipped");
    }

    [Fact]
    public void A_run_in_which_everything_was_skipped_is_a_failure()
    {
        var report = Report(out var projects, only: "Golden");
        report.Add(projects[0], Results(Skipped("a", "KDR_GOLDEN is not set")));

        report.Finish(TimeSpan.Zero).ShouldBeFalse();

        Lines()[^1].ShouldBe("0 passed, 1 failed, 1 skipped");
    }

    [Fact]
    public void A_test_process_that_crashed_is_a_failure_with_its_last_words()
    {
        var report = Report(out var projects);
        report.Add(projects[0], new ProjectResults([Passed("a")], TimeSpan.Zero, "the test process ended with code 139\nSegmentation fault"));

        report.Finish(TimeSpan.Zero).ShouldBeFalse();

        output.ToString().ShouldContain("    Segmentation fault");
        Lines()[^1].ShouldBe("1 passed, 1 failed, 0 skipped");
    }

    private TestReport Report(out IReadOnlyList<TestProject> projects, string? only = null)
    {
        foreach (var name in (string[])["A.Tests", "B.Tests"])
        {
            Directory.CreateDirectory(Path.Combine(root, "tests", name));
            File.WriteAllText(Path.Combine(root, "tests", name, name + ".csproj"), "<Project/>");
            Directory.CreateDirectory(Path.Combine(root, "artifacts", "bin", name, "release"));
            File.WriteAllText(Path.Combine(root, "artifacts", "bin", name, "release", $"KdRobust.{name}.dll"), "");
        }
        var suite = TestSuite.Select(root, only);
        projects = suite.Projects;
        return new TestReport(suite, output);
    }

    private string[] Lines() => output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private static ProjectResults Results(params TestOutcome[] outcomes) => new(outcomes, TimeSpan.FromSeconds(1), Broken: null);

    private static TestOutcome Passed(string name) => new(name, OutcomeKind.Passed, TimeSpan.Zero, "", "");

    private static TestOutcome Skipped(string name, string reason) => new(name, OutcomeKind.Skipped, TimeSpan.Zero, reason, "");
}
