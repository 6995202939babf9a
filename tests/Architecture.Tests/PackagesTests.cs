using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KdRobust.Architecture.Tests;

/// <summary>Every version stands once, exactly, and is locked: a build next year restores what was tested today.</summary>
public partial class PackagesTests
{
    private static Dictionary<string, string> Central() =>
        XDocument.Load(Checkout.At("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(version => (string)version.Attribute("Include")!, version => (string)version.Attribute("Version")!, StringComparer.Ordinal);

    public static TheoryData<string> Projects =>
        [.. Checkout.Files(".", "*.csproj").Where(file => !Rooms.BehindSwitches.Any(project => file.Contains($"/{project}", StringComparison.Ordinal)))];

    [Fact]
    public void Central_versions_are_exact() =>
        Central().Where(version => !Exact().IsMatch(version.Value)).Select(version => $"{version.Key} {version.Value}").ShouldBeEmpty();

    [Theory]
    [InlineData("10.0.14", true)]
    [InlineData("10.36.0.15337", true)]
    [InlineData("10.0.*", false)]
    [InlineData("[10.0.14,)", false)]
    [InlineData("10", false)]
    public void The_rule_tells_an_exact_version_from_a_range(string version, bool exact) => Exact().IsMatch(version).ShouldBe(exact);

    [Theory, MemberData(nameof(Projects))]
    public void A_project_names_no_version_of_its_own(string project) =>
        ProjectFile.Read(project).PackageReferences
            .Where(reference => reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null)
            .Select(reference => (string?)reference.Attribute("Include"))
            .ShouldBeEmpty();

    [Theory, MemberData(nameof(Projects))]
    public void A_lock_file_agrees_with_the_central_versions(string project)
    {
        var file = Checkout.At(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"));
        File.Exists(file).ShouldBeTrue($"{project} has no packages.lock.json: dotnet restore {project}");
        var central = Central();
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        document.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .Where(package => package.Value.GetProperty("type").GetString() == "Direct")
            // What the SDK itself adds (ILLink, for one) has no central version.
            .Where(package => central.TryGetValue(package.Name, out var version) && package.Value.GetProperty("resolved").GetString() != version)
            .Select(package => $"{package.Name}: locked {package.Value.GetProperty("resolved").GetString()}, central {central[package.Name]}")
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_warning_switches_of_the_house_are_on()
    {
        var house = XDocument.Load(Checkout.At("Directory.Build.props"));
        string Value(string name) => (string?)house.Descendants(name).Single() ?? "";
        Value("Nullable").ShouldBe("enable");
        Value("TreatWarningsAsErrors").ShouldBe("true");
        Value("RestorePackagesWithLockFile").ShouldBe("true");
        Value("Deterministic").ShouldBe("true");
        Checkout.Files(".", "*.csproj").Where(project =>
        {
            var text = File.ReadAllText(Checkout.At(project));
            return text.Contains("TreatWarningsAsErrors", StringComparison.Ordinal) || text.Contains("<Nullable>", StringComparison.Ordinal);
        }).ShouldBeEmpty("a project loosens the house's switches");
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+(\.\d+)?(-[0-9A-Za-z.\-]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Exact();
}
