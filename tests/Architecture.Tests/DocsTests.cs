using System.Text.RegularExpressions;

namespace KdRobust.Architecture.Tests;

/// <summary>Links lead somewhere, and no text carries what belongs to one machine.</summary>
public partial class DocsTests
{
    private static readonly string[] TextFiles =
        ["*.md", "*.cs", "*.cpp", "*.h", "*.py", "*.sh", "*.json", "*.yml", "*.ts", "*.txt", "*.props", "*.csproj"];

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/architecture.md")]
    [InlineData("docs/paper.md")]
    public void What_a_newcomer_looks_for_exists(string file) => new FileInfo(Checkout.At(file)).Length.ShouldBeGreaterThan(200);

    [Fact]
    public void Relative_links_lead_to_files() => BrokenLinks(Checkout.Files(".", "*.md")).ShouldBeEmpty();

    [Fact]
    public void Architecture_names_only_files_that_exist() =>
        Checkout.Files("docs", "*.md")
            .SelectMany(page => SourcePath().Matches(File.ReadAllText(Checkout.At(page)))
                .Select(match => match.Groups["path"].Value)
                .Where(path => !File.Exists(Checkout.At(path)) && !Directory.Exists(Checkout.At(path)))
                .Select(path => $"{page}: {path}"))
            .ShouldBeEmpty();

    [Fact]
    public void Every_decision_has_its_own_number_and_a_status()
    {
        var records = Checkout.Files("docs/adr", "*.md").Where(file => !file.EndsWith("README.md", StringComparison.Ordinal)).ToList();
        records.ShouldNotBeEmpty();
        records.ShouldAllBe(file => DecisionName().IsMatch(Path.GetFileName(file)));
        records.GroupBy(file => Path.GetFileName(file)[..4]).Where(group => group.Count() > 1).Select(group => group.Key).ShouldBeEmpty();
        records.Where(file => !File.ReadAllText(Checkout.At(file)).Contains("\nStatus: ", StringComparison.Ordinal)).ShouldBeEmpty();
        var index = File.ReadAllText(Checkout.At("docs/adr/README.md"));
        records.Where(file => !index.Contains($"]({Path.GetFileName(file)})", StringComparison.Ordinal)).ShouldBeEmpty("docs/adr/README.md lists every record");
    }

    [Fact]
    public void No_text_names_one_machine_or_a_registry() =>
        TextFiles.SelectMany(pattern => Checkout.Files(".", pattern))
            .Concat(["kdr", ".ci/run"])
            .SelectMany(file => File.ReadLines(Checkout.At(file))
                .Select((line, index) => (Place: $"{file}:{index + 1}", Match: OneMachine().Match(line)))
                .Where(found => found.Match.Success)
                .Select(found => $"{found.Place}: {found.Match.Value}"))
            .ShouldBeEmpty();

    [Fact]
    public void Nothing_is_left_unfinished() =>
        ((string[])["src", "tests"]).SelectMany(folder => ((string[])["*.cs", "*.cpp", "*.h", "*.py"]).SelectMany(pattern => Checkout.Files(folder, pattern)))
            .SelectMany(file => File.ReadLines(Checkout.At(file))
                .Select((line, index) => (Place: $"{file}:{index + 1}", Line: line))
                .Where(found => Unfinished().IsMatch(found.Line)).Select(found => $"{found.Place}: {found.Line.Trim()}"))
            .ShouldBeEmpty();

    private static IEnumerable<string> BrokenLinks(IEnumerable<string> pages) =>
        pages.SelectMany(page => Link().Matches(File.ReadAllText(Checkout.At(page)))
            .Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target =>
            {
                var path = Path.Combine(Path.GetDirectoryName(Checkout.At(page))!, target);
                return !File.Exists(path) && !Directory.Exists(path);
            })
            .Select(target => $"{page}: {target}"));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>(src|tests|bench|experiments|deploy|docs)/[A-Za-z0-9_.\-/]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"^\d{4}-[a-z0-9-]+\.md$", RegexOptions.CultureInvariant)]
    private static partial Regex DecisionName();

    // Written so that the pattern does not find itself.
    [GeneratedRegex(@"/(?:wor[k]|far[m])/|/hom[e]/[a-z]|/Users/[a-z]|nuge[t]\.org|npmj[s]\.|debia[n]\.org|pypi\.or[g]", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex OneMachine();

    [GeneratedRegex(@"\b(?:TOD[O]|FIXM[E]|HAC[K]|NotImplementedExceptio[n])\b", RegexOptions.CultureInvariant)]
    private static partial Regex Unfinished();
}
