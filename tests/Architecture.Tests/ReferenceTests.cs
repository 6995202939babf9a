namespace KdRobust.Architecture.Tests;

/// <summary>Every arrow of docs/architecture.md, once as the projects declare it and once as the compiler used it.</summary>
public class ReferenceTests
{
    public static TheoryData<string> Projects => [.. Checkout.SourceProjects];

    public static TheoryData<string> BuiltProjects => [.. Checkout.BuiltProjects];

    public static IEnumerable<object[]> Barriers =>
        Rooms.NeverReached.SelectMany(entry => entry.Value.Select(target => (object[])[entry.Key, target]));

    [Fact]
    public void Every_source_project_has_its_arrows_written_down()
    {
        Checkout.SourceProjects.ShouldBe(Rooms.Arrows.Keys.Order(StringComparer.Ordinal));
        Rooms.Packages.Keys.ShouldBe(Rooms.Arrows.Keys, ignoreOrder: true);
    }

    [Theory, MemberData(nameof(Projects))]
    public void A_project_declares_only_allowed_references(string project) =>
        ProjectFile.Source(project).Projects.Except(Rooms.Arrows[project])
            .ShouldBeEmpty($"src/{project} may use: {Allowed(Rooms.Arrows[project])}");

    [Theory, MemberData(nameof(Projects))]
    public void A_project_declares_only_allowed_packages(string project) =>
        ProjectFile.Source(project).Packages
            .Where(package => !Rooms.Packages[project].Any(prefix => package.StartsWith(prefix, StringComparison.Ordinal)))
            .ShouldBeEmpty($"src/{project} may use packages that begin with: {Allowed(Rooms.Packages[project])}");

    [Theory, MemberData(nameof(BuiltProjects))]
    public void A_project_is_compiled_against_only_allowed_projects(string project) =>
        CompiledAssembly.Read(project).OwnReferences.Except(Rooms.Arrows[project])
            .ShouldBeEmpty($"KdRobust.{project}.dll may use: {Allowed(Rooms.Arrows[project])}");

    [Theory, MemberData(nameof(Barriers))]
    public void A_process_never_reaches_what_it_must_not_load(string project, string forbidden)
    {
        CompiledAssembly.Reached(project).ShouldNotContain(forbidden);
        // What lies beside the program can be loaded by name, so it must not lie there either.
        var folder = Path.GetDirectoryName(Checkout.Assembly(project)).ShouldNotBeNull();
        File.Exists(Path.Combine(folder, $"KdRobust.{forbidden}.dll")).ShouldBeFalse($"{folder} holds KdRobust.{forbidden}.dll");
    }

    [Theory]
    [InlineData("Npgsql")]
    [InlineData("Microsoft.EntityFrameworkCore")]
    public void Training_and_the_command_line_know_no_database(string assembly)
    {
        foreach (var project in (string[])["Domain", "Torch", "Learning", "Cli"])
            CompiledAssembly.Read(project).References.ShouldNotContain(name => name.StartsWith(assembly, StringComparison.Ordinal), project);
    }

    [Fact]
    public void Only_Persistence_is_compiled_against_EF_Core() =>
        Checkout.BuiltProjects
            .Where(project => CompiledAssembly.Read(project).References
                .Any(name => name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)))
            .Except(["Persistence"])
            .ShouldBeEmpty();

    private static string Allowed(string[] names) => names.Length == 0 ? "nothing" : string.Join(", ", names);
}
