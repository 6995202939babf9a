using System.Text.Json;
using System.Text.RegularExpressions;

namespace KdRobust.Architecture.Tests.Deploy;

/// <summary>What can be said of the images without building them: what goes in, as whom it runs, and who looks after it.</summary>
public partial class DockerfileTests
{
    // What a build needs beside the folders of the projects: MSBuild and the SDK look for them upwards.
    private static readonly string[] House = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt"];

    public static TheoryData<string> Files => [.. Checkout.Files("deploy", "*.Dockerfile")];

    private static Dockerfile Read(string file) => Dockerfile.Read(File.ReadAllText(Checkout.At(file)));

    [Fact]
    public void There_are_images_of_the_api_and_of_both_workers() =>
        Checkout.Files("deploy", "*.Dockerfile").ShouldBe(["deploy/api.Dockerfile", "deploy/worker-gpu.Dockerfile", "deploy/worker.Dockerfile"]);

    [Theory, MemberData(nameof(Files))]
    public void Every_image_it_begins_with_is_pinned_to_a_release(string file) =>
        Read(file).Stages.Select(stage => stage.Image).ShouldAllBe(image => IsPinned(image));

    [Theory]
    [InlineData("debian:12.11-slim", true)]
    [InlineData("mcr.microsoft.com/dotnet/sdk:10.0.401-noble", true)]
    [InlineData("debian:12-slim", false)]
    [InlineData("debian:latest", false)]
    [InlineData("localhost:5000/debian", false)]
    [InlineData("debian:${DEBIAN}", false)]
    public void The_rule_tells_a_release_from_a_moving_tag(string image, bool pinned) => IsPinned(image).ShouldBe(pinned);

    [Theory, MemberData(nameof(Files))]
    public void It_is_built_in_stages_and_the_last_one_has_no_compiler(string file)
    {
        var image = Read(file);
        image.Stages.Count.ShouldBeGreaterThan(1);
        image.Final.Image.ShouldNotContain("sdk");
        image.Final.Image.ShouldNotContain("devel");
        image.Final.Of("RUN").ShouldAllBe(run => !Compiler().IsMatch(run.Text));
    }

    [Theory, MemberData(nameof(Files))]
    public void It_runs_as_a_numbered_user_who_is_not_root_and_is_asked_whether_it_lives(string file)
    {
        var final = Read(file).Final;
        var user = final.Of("USER").ShouldHaveSingleItem().Text;
        NumericUser().IsMatch(user).ShouldBeTrue($"USER {user}: a number other than 0, so that Kubernetes' runAsNonRoot can tell");
        final.Instructions.TakeWhile(i => i.Name != "USER").ShouldAllBe(i => i.Name != "ENTRYPOINT");
        final.Of("HEALTHCHECK").ShouldHaveSingleItem().Text.ShouldContain("CMD [");
        foreach (var form in (string[])["ENTRYPOINT", "CMD"])
            JsonSerializer.Deserialize<string[]>(final.Of(form).ShouldHaveSingleItem().Text)!.ShouldNotBeEmpty("the exec form: signals reach the program");
        JsonSerializer.Deserialize<string[]>(HealthCommand().Match(final.Of("HEALTHCHECK").Single().Text).Value)!.Length.ShouldBe(3);
    }

    [Theory, MemberData(nameof(Files))]
    public void Every_copied_path_exists_and_reaches_the_build(string file)
    {
        var image = Read(file);
        for (var at = 0; at < image.Stages.Count; at++)
        {
            foreach (var copy in image.Stages[at].Of("COPY"))
            {
                if (copy.Words[0].StartsWith("--from=", StringComparison.Ordinal))
                {
                    image.Stages.Take(at).Select(stage => stage.Name).ShouldContain(copy.Words[0]["--from=".Length..], copy.Text);
                    continue;
                }
                foreach (var source in copy.Words[..^1])
                {
                    (File.Exists(Checkout.At(source)) || Directory.Exists(Checkout.At(source))).ShouldBeTrue($"COPY {source}: there is none");
                    Context().ShouldContain(source.Split('/')[0], $".dockerignore keeps {source} out");
                }
            }
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Every_project_of_the_program_is_copied_and_no_other(string file)
    {
        var build = Read(file).Stages.Single(stage => stage.Name == "build");
        var program = Published().Match(build.Of("RUN").Last().Text).Groups["project"].Value;
        var needed = Closure(program).Order(StringComparer.Ordinal).ToList();
        var sources = build.Of("COPY").SelectMany(copy => copy.Words[..^1]).ToList();
        sources.Where(source => source.StartsWith("src/", StringComparison.Ordinal) && source.Count(c => c == '/') == 1).Select(source => source["src/".Length..]).Order(StringComparer.Ordinal).ShouldBe(needed);
        foreach (var project in needed)
        {
            sources.ShouldContain($"src/{project}/{project}.csproj");
            sources.ShouldContain($"src/{project}/packages.lock.json");
        }
        House.Except(sources).ShouldBeEmpty();
        build.Of("RUN").First().Text.ShouldContain("--locked-mode");
    }

    [Theory, MemberData(nameof(Files))]
    public void Packages_are_installed_without_questions_extras_or_leftovers(string file) =>
        Read(file).Stages.SelectMany(stage => stage.Of("RUN")).Where(run => run.Text.Contains("apt-get", StringComparison.Ordinal)).ShouldAllBe(run =>
            run.Text.StartsWith("apt-get update", StringComparison.Ordinal) && run.Text.Contains("install -y --no-install-recommends", StringComparison.Ordinal) && run.Text.Contains("rm -rf /var/lib/apt/lists/*", StringComparison.Ordinal));

    [Theory, MemberData(nameof(Files))]
    public void No_secret_is_built_in(string file) =>
        Read(file).Stages.SelectMany(stage => stage.Instructions).Where(i => i.Name is "ENV" or "ARG" or "COPY")
            .ShouldAllBe(i => !Secret().IsMatch(i.Text));

    [Fact]
    public void Only_what_is_named_reaches_a_build()
    {
        File.ReadLines(Checkout.At(".dockerignore")).First(line => !line.StartsWith('#')).ShouldBe("*");
        Context().ShouldNotContain("deploy", "secrets lie there");
    }

    private static IReadOnlyList<string> Context() =>
        [.. File.ReadLines(Checkout.At(".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..])];

    private static HashSet<string> Closure(string project)
    {
        var found = new HashSet<string>(StringComparer.Ordinal) { project };
        foreach (var next in ProjectFile.Source(project).Projects.Except(Rooms.BehindSwitches))
            found.UnionWith(Closure(next));
        return found;
    }

    private static bool IsPinned(string image) => Release().IsMatch(image);

    /// <summary>A tag with at least two numbers: of it only fixes are published again.</summary>
    [GeneratedRegex(@"^[a-z0-9./-]+:\d+\.\d+[a-z0-9.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Release();

    [GeneratedRegex(@"\b(cmake|g\+\+|gcc|make|-dev)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Compiler();

    [GeneratedRegex(@"^[1-9]\d*(:[1-9]\d*)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex NumericUser();

    [GeneratedRegex(@"\[.*\]$", RegexOptions.CultureInvariant)]
    private static partial Regex HealthCommand();

    [GeneratedRegex(@"dotnet publish src/(?<project>\w+)/", RegexOptions.CultureInvariant)]
    private static partial Regex Published();

    [GeneratedRegex("password|api_?key|secret|token", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
