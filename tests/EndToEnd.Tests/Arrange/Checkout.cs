using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>A checkout of a test's own, with what was built here; ./kdr as people use it, except that it builds nothing.</summary>
public sealed class Checkout : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("kdr-endtoend-").FullName;

    public Checkout()
    {
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        Directory.CreateSymbolicLink(Path.Combine(root, "artifacts"), Programs.Artifacts);
    }

    public void Dispose()
    {
        Run("down").GetAwaiter().GetResult();
        Directory.Delete(root, recursive: true);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..16];
        if (Directory.Exists($"/var/lib/kdrobust/{hash}")) Directory.Delete($"/var/lib/kdrobust/{hash}", recursive: true);
    }

    /// <summary>Runs a verb to its end.</summary>
    public Task<ChildResult> Run(params string[] arguments) => ChildProcess.Run(
        "dotnet", [Programs.Cli, .. arguments],
        new Dictionary<string, string?> { ["KDR_ROOT"] = root, ["KDR_SERVER"] = null, ["KDR_KEY"] = null, ["KDR_DATA"] = null }, TimeSpan.FromMinutes(4));

    /// <summary>Runs a verb that must end with 0.</summary>
    /// <returns>Its standard output.</returns>
    public async Task<string> Do(params string[] arguments)
    {
        var done = await Run(arguments);
        done.ExitCode.ShouldBe(0, $"kdr {string.Join(' ', arguments)}: {done.Text}\n{Logs()}");
        return done.Output;
    }

    /// <summary>Process ids of the running service's parts, by name.</summary>
    public Dictionary<string, int> Processes() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(root, ".kdr", "run", "service.json")))!["processes"]!.AsArray()
            .ToDictionary(p => p!["name"]!.GetValue<string>(), p => p!["process"]!["id"]!.GetValue<int>(), StringComparer.Ordinal);

    /// <summary>A client of the running service with its first key.</summary>
    public HttpClient Client()
    {
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(root, ".kdr", "run", "service.json")))!;
        var client = new HttpClient { BaseAddress = new Uri(record["address"]!.GetValue<string>()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(record["keyFile"]!.GetValue<string>()).Trim());
        return client;
    }

    string Logs() => string.Join('\n', Directory.Exists(Path.Combine(root, ".kdr", "log"))
        ? Directory.GetFiles(Path.Combine(root, ".kdr", "log"), "*.log").Select(file => $"{Path.GetFileName(file)}:\n{string.Join('\n', File.ReadLines(file).TakeLast(8))}")
        : []);
}
