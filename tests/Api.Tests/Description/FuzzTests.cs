using System.Text;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Description;

/// <summary>Every operation with values nobody would send: refused in words, never with a fault of ours, and nothing of the inside shown.</summary>
public sealed class FuzzTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly string[] Odd =
    [
        "", " ", "\0", "a\u0000b", "\ud800", "%", "'; DROP TABLE job; --", "../../etc/passwd", "..%2f..%2f", "{{7*7}}", "<script>", new string('x', 3000), "-1", "0", "99999999999999999999", "1e309", "NaN",
        "null", "true", "[]", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\u202e\u0130\u00df", "job:", "experiment:0,job:0", "1_2_3", "-9223372036854775808_5", "922337203685477580_922337203685477580",
    ];

    static readonly string[] OddBodies =
    [
        "", "null", "[]", "{}", "\"x\"", "1e999", "{\"owner\": null, \"role\": 5, \"label\": []}", "{\"owner\": \"\\u0000\", \"role\": \"reader\", \"label\": \"\\ud800\"}",
        "{\"owner\": \"a\", \"device\": \"cpu\", \"mostRunning\": 99999999999}", "{\"name\": \"\\u0000\"", new string('[', 5000), "{\"seed\": 1e400}", "{\"title\": \"\\ud800\"}", "{\"\\udc00\": 1}",
    ];

    [PostgresFact]
    public async Task No_value_of_a_parameter_is_a_fault_of_ours()
    {
        var wrong = new List<string>();
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.Parameters.Any()))
            foreach (var ((name, _, _), i) in operation.Parameters.Select((parameter, i) => (parameter, i + operation.Id.Length)))
                // Each parameter meets a quarter of them; together they meet all.
                foreach (var odd in Odd.Where((_, j) => (i + j) % 4 == 0))
                {
                    // Escaped as it stands where it is a text at all: what is none cannot be sent.
                    if (odd.Any(char.IsSurrogate)) continue;
                    using var body = operation.BodyType is null ? null : Answers.Json("{}");
                    using var request = operation.Request((parameter, example) => parameter == name ? odd : parameter == "id" ? Guid.NewGuid().ToString() : parameter == "expect" ? "-1" : example?.ToString(), body);
                    await Judge(request, $"{operation.Id}, {name} = {odd[..Math.Min(odd.Length, 40)]}", wrong);
                }
        wrong.ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task No_body_is_a_fault_of_ours()
    {
        var wrong = new List<string>();
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.BodyType == "application/json"))
        {
            foreach (var odd in OddBodies.Concat(Mutations(operation.Body!)))
            {
                using var body = new StringContent(odd, Encoding.UTF8, "application/json");
                using var request = operation.Request((_, example) => example?.ToString(), body);
                await Judge(request, $"{operation.Id}: {odd[..Math.Min(odd.Length, 80)]}", wrong);
            }
        }
        wrong.ShouldBeEmpty();
    }

    async Task Judge(HttpRequestMessage request, string what, List<string> wrong)
    {
        using var response = await api.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var status = (int)response.StatusCode;
        if (status >= 500) wrong.Add($"{what}: {status}");
        if (status < 400) return;
        var text = await response.Content.ReadAsStringAsync();
        if (text.Contains("   at ", StringComparison.Ordinal) || text.Contains("Npgsql", StringComparison.Ordinal) || text.Contains("SELECT ", StringComparison.Ordinal) || text.Contains("System.", StringComparison.Ordinal))
            wrong.Add($"{what}: shows its inside: {text}");
        // What HTTP itself does not allow in an address the server refuses without a word.
        if (status != 404 && text.Length > 0 && response.Content.Headers.ContentType?.MediaType != "application/problem+json") wrong.Add($"{what}: {status} is no problem document");
    }

    /// <summary>A valid body with one leaf at a time replaced by something of another kind.</summary>
    static IEnumerable<string> Mutations(JsonNode body)
    {
        body = body.DeepClone(); // Else its paths begin at the whole document.
        var leaves = new List<string>();
        void Collect(JsonNode? node)
        {
            if (node is JsonObject fields) foreach (var (_, value) in fields) Collect(value);
            else if (node is JsonArray list) foreach (var value in list) Collect(value);
            else if (node is not null) leaves.Add(node.GetPath());
        }
        Collect(body);
        foreach (var (path, i) in leaves.Select((path, i) => (path, i)))
        {
            var copy = body.DeepClone();
            var leaf = Find(copy, path);
            leaf.ReplaceWith((i % 5) switch { 0 => JsonValue.Create(-1), 1 => JsonValue.Create("\u0000\u202e"), 2 => (JsonNode)new JsonArray(), 3 => JsonValue.Create(1e300), _ => new JsonObject() });
            yield return copy.ToJsonString();
        }
    }

    static JsonNode Find(JsonNode root, string path)
    {
        var at = root;
        foreach (var step in path[1..].Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
            at = step[0] == '[' ? at[int.Parse(step[1..^1], System.Globalization.CultureInfo.InvariantCulture)]! : at[step]!;
        return at;
    }
}
