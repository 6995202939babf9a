using System.Text.RegularExpressions;
using KdRobust.Support;
using YamlDotNet.RepresentationModel;

namespace KdRobust.Architecture.Tests.Deploy;

/// <summary>docker-compose.yml: nothing reachable from outside, nobody root, no password in it, and every name it uses defined.</summary>
public partial class ComposeTests
{
    private const string File = "docker-compose.yml";

    private static YamlMappingNode Document { get; } = Load();

    private static IReadOnlyDictionary<string, YamlMappingNode> Services { get; } =
        Map(Document, "services").Children.ToDictionary(entry => entry.Key.ToString(), entry => (YamlMappingNode)entry.Value, StringComparer.Ordinal);

    [Fact]
    public void It_holds_the_whole_service() =>
        Services.Keys.ShouldBe(["postgres", "seq", "migrate", "grant", "api", "worker", "worker-gpu"], ignoreOrder: true);

    [Fact]
    public void Every_port_is_published_on_loopback_only() =>
        Services.Values.SelectMany(service => Items(service, "ports")).ShouldAllBe(port => port.StartsWith("127.0.0.1:", StringComparison.Ordinal));

    [Fact]
    public void Every_image_is_pinned_or_built_here()
    {
        foreach (var (name, service) in Services)
        {
            if (Text(service, "image") is { } image)
                PinnedImage().IsMatch(image).ShouldBeTrue($"{name}: {image}");
            else
                System.IO.File.Exists(Checkout.At(Text(Map(service, "build"), "dockerfile")!)).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void No_password_stands_in_it_and_none_has_a_default()
    {
        var text = System.IO.File.ReadAllText(Checkout.At(File));
        Variable().Matches(text).Where(match => SecretName().IsMatch(match.Groups["name"].Value)).Select(match => match.Value)
            .ShouldAllBe(use => use.Contains(":?", StringComparison.Ordinal));
        foreach (var (name, service) in Services)
        {
            foreach (var (variable, value) in Entries(service, "environment").Where(entry => SecretName().IsMatch(entry.Name)))
                (variable.EndsWith("_FILE", StringComparison.Ordinal) || value.StartsWith("${", StringComparison.Ordinal)).ShouldBeTrue($"{name}: {variable}");
            Entries(service, "environment").Where(entry => entry.Name == "KDR_DATABASE")
                .ShouldAllBe(entry => entry.Value.Contains("Passfile=/run/secrets/", StringComparison.Ordinal) && !entry.Value.Contains("Password=", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void Each_program_gets_its_own_role_and_only_its_own_secret()
    {
        foreach (var (service, role) in (Dictionary<string, string>)new() { ["migrate"] = "migrator", ["api"] = "api", ["worker"] = "worker", ["worker-gpu"] = "worker" })
        {
            Items(Services[service], "secrets").ShouldBe([role]);
            Entries(Services[service], "environment").Single(entry => entry.Name == "KDR_DATABASE").Value.ShouldContain($"Username=kdr_{role};Passfile=/run/secrets/{role}");
        }
    }

    [Fact]
    public void Secrets_are_files_that_git_ignores_and_the_script_makes()
    {
        var script = System.IO.File.ReadAllText(Checkout.At("deploy/make-secrets.sh"));
        System.IO.File.ReadLines(Checkout.At(".gitignore")).ShouldContain("/deploy/secrets/");
        foreach (var (name, secret) in Map(Document, "secrets").Children.Select(entry => (entry.Key.ToString(), (YamlMappingNode)entry.Value)))
        {
            Text(secret, "file").ShouldBe($"deploy/secrets/{name}");
            script.ShouldContain(name);
        }
        Services.Values.SelectMany(service => Items(service, "secrets")).Distinct(StringComparer.Ordinal)
            .ShouldBe(Map(Document, "secrets").Children.Keys.Select(key => key.ToString()), ignoreOrder: true);
    }

    [Fact]
    public void Whoever_is_waited_for_can_be_waited_for()
    {
        foreach (var (name, service) in Services)
        {
            if (!service.Children.ContainsKey("depends_on"))
                continue;
            foreach (var (other, condition) in Map(service, "depends_on").Children.Select(entry => (entry.Key.ToString(), Text((YamlMappingNode)entry.Value, "condition"))))
            {
                Services.Keys.ShouldContain(other, name);
                if (condition == "service_healthy")
                    HasHealthCheck(Services[other]).ShouldBeTrue($"{name} waits for the health of {other}, which has no check");
                else
                    (condition, Text(Services[other], "restart")).ShouldBe(("service_completed_successfully", null));
            }
        }
        Services.Where(entry => entry.Value.Children.ContainsKey("restart")).ShouldAllBe(entry => HasHealthCheck(entry.Value));
    }

    [Fact]
    public void Our_programs_cannot_write_but_where_they_must()
    {
        foreach (var name in (string[])["migrate", "grant", "api", "worker", "worker-gpu"])
        {
            Text(Services[name], "read_only").ShouldBe("true", name);
            Items(Services[name], "cap_drop").ShouldBe(["ALL"], name);
        }
        Services.Values.ShouldAllBe(service => Items(service, "security_opt").Contains("no-new-privileges:true"));
    }

    [Fact]
    public void Every_named_volume_is_declared_and_used_and_every_mounted_file_exists()
    {
        var mounts = Services.Values.SelectMany(service => Items(service, "volumes")).Select(mount => mount.Split(':')[0]).ToList();
        mounts.Where(source => VolumeName().IsMatch(source)).Distinct(StringComparer.Ordinal)
            .ShouldBe(Map(Document, "volumes").Children.Keys.Select(key => key.ToString()), ignoreOrder: true);
        mounts.Where(source => source.StartsWith("./deploy", StringComparison.Ordinal) && !Path.Exists(Checkout.At(source))).ShouldBeEmpty();
    }

    [ComposeFact]
    public async Task Docker_compose_itself_accepts_it()
    {
        var folder = Checkout.At("deploy/secrets");
        var read = await ChildProcess.Run("docker-compose", ["--file", Checkout.At(File), "--profile", "gpu", "config"], new Dictionary<string, string?> { ["KDR_SEQ_PASSWORD"] = "x", ["COMPOSE_PROJECT_NAME"] = "check" });
        read.ExitCode.ShouldBe(0, read.Text);
        read.Output.ShouldContain("worker-gpu");
        Directory.Exists(folder).ShouldBeFalse("a check makes nothing");
        var without = await ChildProcess.Run("docker-compose", ["--file", Checkout.At(File), "config"], new Dictionary<string, string?> { ["KDR_SEQ_PASSWORD"] = null });
        without.ExitCode.ShouldNotBe(0);
        without.Error.ShouldContain("KDR_SEQ_PASSWORD");
    }

    private static bool HasHealthCheck(YamlMappingNode service) =>
        service.Children.ContainsKey("healthcheck")
        || (service.Children.ContainsKey("build") && System.IO.File.ReadAllText(Checkout.At(Text(Map(service, "build"), "dockerfile")!)).Contains("HEALTHCHECK", StringComparison.Ordinal));

    private static YamlMappingNode Load()
    {
        var yaml = new YamlStream();
        using var text = new StreamReader(Checkout.At(File));
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static YamlMappingNode Map(YamlMappingNode node, string key) => (YamlMappingNode)node[key];

    private static string? Text(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value) ? value.ToString() : null;

    private static IReadOnlyList<string> Items(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? [.. ((YamlSequenceNode)value).Select(item => item.ToString())] : [];

    private static IEnumerable<(string Name, string Value)> Entries(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? ((YamlMappingNode)value).Children.Select(entry => (entry.Key.ToString(), entry.Value.ToString())) : [];

    [GeneratedRegex(@"^[a-z0-9./-]+:\d+\.\d+[a-z0-9.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PinnedImage();

    [GeneratedRegex(@"\$\{(?<name>\w+)[^}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex("PASSWORD|SECRET|TOKEN", RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    [GeneratedRegex("^[a-z][a-z-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeName();
}

/// <summary>Runs where docker-compose is installed; it needs no daemon to read a file.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ComposeFactAttribute : FactAttribute
{
    public ComposeFactAttribute() => Skip = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => Path.Exists(Path.Combine(folder, "docker-compose")))
        ? null
        : "no docker-compose to read the file with (the structure is tested all the same): apt-get install docker-compose";
}
