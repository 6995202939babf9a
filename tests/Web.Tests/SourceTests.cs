using System.Text.Json;
using KdRobust.Support;
using KdRobust.Web.Tests.Host;

namespace KdRobust.Web.Tests;

/// <summary>The page's own checks, each by the command its folder names: types, style, unit tests, build.</summary>
[Collection(nameof(Service))]
public sealed class SourceTests
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    static string Folder => Path.Combine(Repository.Root, "web");

    [Fact]
    public Task Its_types_hold() => Runs("check:types");

    [Fact]
    public Task Its_style_holds() => Runs("check:lint");

    [Fact]
    public Task Its_unit_tests_pass() => Runs("test");

    [Fact]
    public async Task It_builds_within_its_budget()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-web-build-").FullName;
        try
        {
            (await Runs("build", ("KDR_WEB_OUT", folder))).ShouldContain("KiB gzip of 150");
            File.Exists(Path.Combine(folder, "index.html.br")).ShouldBeTrue();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Its_lock_file_names_no_registry_and_its_versions_are_exact()
    {
        File.ReadAllText(Path.Combine(Folder, "package-lock.json")).ShouldNotContain("\"resolved\"");
        using var package = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "package.json")));
        foreach (var kind in (string[])["dependencies", "devDependencies"])
            foreach (var one in package.RootElement.GetProperty(kind).EnumerateObject())
                char.IsAsciiDigit(one.Value.GetString()![0]).ShouldBeTrue($"{one.Name} {one.Value}");
    }

    static async Task<string> Runs(string script, params (string Name, string Value)[] environment)
    {
        var done = await ChildProcess.Run("npm", ["--prefix", Folder, "run", "--silent", script], environment.ToDictionary(e => e.Name, e => (string?)e.Value), Limit);
        done.ExitCode.ShouldBe(0, done.Text);
        return done.Text;
    }
}
