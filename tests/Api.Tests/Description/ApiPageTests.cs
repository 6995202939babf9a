using System.Diagnostics;
using System.Text.RegularExpressions;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Description;

/// <summary>docs/api.md and docs/requests.http say what the service does.</summary>
public sealed partial class ApiPageTests(RunningApi api) : IClassFixture<RunningApi>
{
    static string Page => Path.Combine(Repository.Root, "docs", "api.md");

    [PostgresFact]
    public async Task The_table_of_endpoints_is_the_documents()
    {
        var rows = (await DescribedApi.Read(api)).Operations
            .Select(operation => $"| `{operation.Method} {operation.Path}` | {operation.Role} | {operation.Description["summary"]!.GetValue<string>()} |")
            .Order(StringComparer.Ordinal).ToList();
        var text = await File.ReadAllTextAsync(Page);
        var written = Table().Match(text).Groups["rows"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();
        written.ShouldBe(rows, $"the table between the marks of docs/api.md must be:\n{string.Join('\n', rows)}");
    }

    [PostgresFact]
    public async Task Every_kind_of_refusal_is_on_the_page()
    {
        var text = await File.ReadAllTextAsync(Page);
        foreach (var kind in Problems.ProblemKind.All) text.ShouldContain($"| {kind.Status} | `{kind.Type}` | {kind.Title} |");
    }

    [PostgresFact]
    public async Task Every_line_for_a_shell_works_from_top_to_bottom()
    {
        var lines = Shell().Matches(await File.ReadAllTextAsync(Page)).Select(block => block.Groups["code"].Value).ToList();
        lines.Count.ShouldBeGreaterThan(5);
        var spec = Path.Combine(AppContext.BaseDirectory, "Samples", "small.json");
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", string.Join('\n', lines)]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Directory.CreateTempSubdirectory("kdr-curl-").FullName };
        start.Environment["KDR_SERVER"] = api.Address;
        start.Environment["KDR_KEY"] = (await File.ReadAllTextAsync(api.KeyFile)).Trim();
        start.Environment["SPEC"] = spec;
        using var shell = Process.Start(start)!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await shell.WaitForExitAsync(limit.Token);
        Directory.Delete(start.WorkingDirectory, recursive: true);
        shell.ExitCode.ShouldBe(0, $"{await output}\n{await error}");
    }

    [PostgresFact]
    public async Task Every_request_of_the_collection_is_to_an_address_there_is()
    {
        var described = (await DescribedApi.Read(api)).Operations;
        var requests = Request().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "requests.http"))).Select(m => (Method: m.Groups["method"].Value, Path: m.Groups["path"].Value)).ToList();
        requests.Count.ShouldBeGreaterThan(10);
        foreach (var (method, path) in requests)
            described.ShouldContain(operation => operation.Method.Method == method && Regex.IsMatch(path, $"^{Regex.Replace(Regex.Escape(operation.Path), @"\\\{[^}]*}", "[^/?]+")}$"), $"{method} {path}");
    }

    [GeneratedRegex("<!-- endpoints -->(?<rows>.*?)<!-- end -->", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Table();

    [GeneratedRegex("```sh\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Shell();

    [GeneratedRegex(@"^(?<method>GET|POST|DELETE) \{\{server}}(?<path>/[^\s?]*)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Request();
}
