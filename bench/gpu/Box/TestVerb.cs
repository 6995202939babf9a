using System.Reflection;
using System.Text.Json;

namespace KdRobust.Box;

/// <summary>
/// The verb <c>tests</c>: runs test assemblies in this process, one test after the other, without an SDK.
/// <c>tests [--only TEXT] [--seconds N] [--json FILE] ASSEMBLY...</c>
/// </summary>
static class TestVerb
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Runs them.</summary>
    /// <returns>0 when none failed, 1 when one did, 2 when the words are wrong or nothing ran.</returns>
    internal static int Run(string[] words)
    {
        string? only = null, json = null;
        var limit = TimeSpan.FromHours(1);
        var assemblies = new List<string>();
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] is "--only" or "--json" or "--seconds" && i + 1 < words.Length)
            {
                var value = words[++i];
                if (words[i - 1] == "--only") only = value;
                else if (words[i - 1] == "--json") json = value;
                else limit = TimeSpan.FromSeconds(int.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
            }
            else
            {
                assemblies.Add(words[i]);
            }
        }
        if (assemblies.Count == 0 || assemblies.Any(name => name.StartsWith('-')))
        {
            Console.Error.WriteLine("tests [--only TEXT] [--seconds N] [--json FILE] ASSEMBLY..., e.g. tests KdRobust.Torch.Tests");
            return 2;
        }

        var report = new TestReport(Console.Out);
        foreach (var name in assemblies) TestAssembly.Run(Assembly.Load(name), only, limit, report);
        report.Summarize();
        if (json is not null) File.WriteAllText(json, JsonSerializer.Serialize(report.Summary, Indented));
        return report.Failed > 0 ? 1 : report.Passed + report.Skipped > 0 ? 0 : 2;
    }
}
