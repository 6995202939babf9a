using System.Text.RegularExpressions;

namespace KdRobust.Cli.Testing;

/// <summary>One test project as it was built.</summary>
/// <param name="Name">The folder's name, for example <c>Torch.Tests</c>.</param>
/// <param name="Assembly">Absolute path of the Release build.</param>
/// <param name="RunsAlone">True where tests wait on leases and processes, so a neighbour would stretch their clocks.</param>
internal sealed record TestProject(string Name, string Assembly, bool RunsAlone);

/// <summary>An <c>--only</c> that names nothing, or a checkout whose tests are not built; the message says what to do.</summary>
internal sealed class InvalidSelectionException(string message) : Exception(message);

/// <summary>A test project that this run leaves out.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Reason">Why, and how it is run.</param>
internal sealed record LeftOut(string Name, string Reason);

/// <summary>Which projects run, and under which trait.</summary>
internal sealed partial class TestSuite
{
    private static readonly string[] Alone = ["EndToEnd.Tests", "Queue.Tests", "Worker.Tests"];

    // Built apart, by ./kdr, for this engine only; there it is compiled into the others as well.
    private const string OtherEngine = "hangfire";
    private static readonly string[] OfOtherEngine = ["Queue.Hangfire.Tests", "Queue.Tests"];

    private TestSuite(string root, IReadOnlyList<TestProject> projects, IReadOnlyList<LeftOut> leftOut, string? trait)
    {
        Root = root;
        Projects = projects;
        LeftOut = leftOut;
        Trait = trait;
    }

    /// <summary>What <c>--engine</c> may name.</summary>
    public static IReadOnlyList<string> Engines { get; } = ["postgres", OtherEngine];

    /// <summary>The checkout.</summary>
    public string Root { get; }

    public IReadOnlyList<TestProject> Projects { get; }

    /// <summary>Selected, and not part of this build.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; }

    /// <summary>The Category trait that tests must carry; null runs every test of the projects.</summary>
    public string? Trait { get; }

    /// <summary>Where logs and result files go.</summary>
    public string ResultsFolder => Path.Combine(Root, "artifacts", "tests");

    /// <summary>The checkout: <c>KDR_ROOT</c>, else the nearest folder above this program that holds the solution.</summary>
    public static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("KDR_ROOT") is { Length: > 0 } named)
            return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KdRobust.sln")))
                return folder.FullName;
        }
        throw new InvalidSelectionException(
            $"no KdRobust.sln above {AppContext.BaseDirectory}: tests run from a checkout, by ./kdr test, or with KDR_ROOT set to one");
    }

    /// <summary>Selects by project name (with or without <c>.Tests</c>, any case), else takes <paramref name="only"/> for a trait.</summary>
    /// <param name="root">The checkout.</param>
    /// <param name="only">A project, a trait, or null for everything.</param>
    /// <param name="engine">The engine whose tests run, one of <see cref="Engines"/>.</param>
    /// <exception cref="InvalidSelectionException">Not a possible name, no test project, or one that is not built.</exception>
    public static TestSuite Select(string root, string? only, string engine = "postgres")
    {
        var tests = Path.Combine(root, "tests");
        string[] names = !Directory.Exists(tests)
            ? []
            : [.. Directory.GetFiles(tests, "*.Tests.csproj", SearchOption.AllDirectories)
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal)];
        if (names.Length == 0)
            throw new InvalidSelectionException($"no test project under {tests}");

        string? trait = null;
        if (only is not null)
        {
            if (!PlainName().IsMatch(only))
                throw new InvalidSelectionException($"--only {only}: expected a project or trait name (letters, digits, '.', '_', '-')");
            string[] named = [.. names.Where(name =>
                name.Equals(only, StringComparison.OrdinalIgnoreCase)
                || name.Equals(only + ".Tests", StringComparison.OrdinalIgnoreCase))];
            if (named.Length > 0)
                names = named;
            else
                trait = only;
        }

        var other = engine == OtherEngine;
        var projects = names.Where(name => other ? OfOtherEngine.Contains(name) : name != OfOtherEngine[0]).Select(name => new TestProject(
            name,
            Path.Combine(root, "artifacts", other ? OtherEngine : "", "bin", name, "release", $"KdRobust.{name}.dll"),
            other || Alone.Contains(name))).ToList();
        if (projects.Find(project => !File.Exists(project.Assembly)) is { } missing)
            throw new InvalidSelectionException($"{missing.Name} is not built ({missing.Assembly} does not exist): ./kdr test builds it first");
        LeftOut[] leftOut = other || trait is not null || !names.Contains(OfOtherEngine[0])
            ? []
            : [new(OfOtherEngine[0], $"the engine {OtherEngine} is not in this build: ./kdr test --engine {OtherEngine} builds it beside this one and runs it")];
        return new TestSuite(root, projects, leftOut, trait);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.\-]{1,80}$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainName();
}
