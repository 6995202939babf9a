using KdRobust.Cli.Testing;

namespace KdRobust.Cli.Tests.Testing;

public sealed class TestSuiteTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kdr-suite-").FullName;

    public TestSuiteTests()
    {
        Project("Torch.Tests");
        Project("Worker.Tests");
        Project("Domain.Tests");
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Without_a_selection_every_built_project_runs_by_name_and_clock_watchers_alone()
    {
        var suite = TestSuite.Select(root, only: null);

        suite.Trait.ShouldBeNull();
        suite.Projects.Select(project => project.Name).ShouldBe(["Domain.Tests", "Torch.Tests", "Worker.Tests"]);
        suite.Projects.Where(project => project.RunsAlone).Select(project => project.Name).ShouldBe(["Worker.Tests"]);
    }

    [Theory]
    [InlineData("torch")]
    [InlineData("Torch.Tests")]
    public void A_project_is_selected_by_its_name_in_any_case(string only)
    {
        var suite = TestSuite.Select(root, only);

        suite.Trait.ShouldBeNull();
        suite.Projects.ShouldHaveSingleItem().Name.ShouldBe("Torch.Tests");
    }

    [Fact]
    public void Any_other_name_is_a_trait_over_all_projects()
    {
        var suite = TestSuite.Select(root, "Golden");

        suite.Trait.ShouldBe("Golden");
        suite.Projects.Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("a|b")]
    [InlineData("FullyQualifiedName~x")]
    [InlineData("")]
    public void What_could_be_a_filter_expression_is_refused(string only) =>
        Should.Throw<InvalidSelectionException>(() => TestSuite.Select(root, only)).Message.ShouldContain("--only");

    [Fact]
    public void A_project_that_is_not_built_is_named_with_what_to_do()
    {
        Directory.Delete(Path.Combine(root, "artifacts", "bin", "Domain.Tests"), recursive: true);

        Should.Throw<InvalidSelectionException>(() => TestSuite.Select(root, only: null)).Message
            .ShouldSatisfyAllConditions(m => m.ShouldContain("Domain.Tests is not built"), m => m.ShouldContain("./kdr test"));
    }

    [Fact]
    public void Tests_of_an_engine_that_is_not_in_the_build_are_left_out_and_say_how_they_are_run()
    {
        Source("Queue.Hangfire.Tests");

        var suite = TestSuite.Select(root, only: null);

        suite.Projects.Select(project => project.Name).ShouldBe(["Domain.Tests", "Torch.Tests", "Worker.Tests"]);
        suite.LeftOut.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            left => left.Name.ShouldBe("Queue.Hangfire.Tests"), left => left.Reason.ShouldContain("./kdr test --engine hangfire"));
        TestSuite.Select(root, "torch").LeftOut.ShouldBeEmpty();
        TestSuite.Select(root, "Queue.Hangfire").LeftOut.ShouldHaveSingleItem();
    }

    [Fact]
    public void Another_engine_runs_its_own_tests_and_the_contract_from_its_own_build()
    {
        Project("Queue.Tests");
        Source("Queue.Hangfire.Tests");
        Should.Throw<InvalidSelectionException>(() => TestSuite.Select(root, null, "hangfire")).Message.ShouldContain("Queue.Hangfire.Tests is not built");
        Output("Queue.Tests", "hangfire");
        Output("Queue.Hangfire.Tests", "hangfire");

        var suite = TestSuite.Select(root, null, "hangfire");

        suite.LeftOut.ShouldBeEmpty();
        suite.Projects.Select(project => project.Name).ShouldBe(["Queue.Hangfire.Tests", "Queue.Tests"]);
        suite.Projects.ShouldAllBe(project => project.RunsAlone && project.Assembly.StartsWith(Path.Combine(root, "artifacts", "hangfire", "bin")));
    }

    private void Project(string name)
    {
        Source(name);
        Output(name, "");
    }

    private void Source(string name)
    {
        var sources = Directory.CreateDirectory(Path.Combine(root, "tests", name));
        File.WriteAllText(Path.Combine(sources.FullName, name + ".csproj"), "<Project/>");
    }

    private void Output(string name, string build)
    {
        var output = Directory.CreateDirectory(Path.Combine(root, "artifacts", build, "bin", name, "release"));
        File.WriteAllText(Path.Combine(output.FullName, $"KdRobust.{name}.dll"), "");
    }
}
