using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;

namespace KdRobust.Api.Tests.Description;

/// <summary>An operation as the document describes it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Method">GET, POST or DELETE.</param>
/// <param name="Path">Its address, parameters in braces.</param>
/// <param name="Role">none, reader, submitter or admin.</param>
/// <param name="Description">All of it.</param>
sealed record Operation(string Id, HttpMethod Method, string Path, string Role, JsonNode Description)
{
    /// <summary>Parameters: name, where it stands, its example.</summary>
    public IEnumerable<(string Name, string In, JsonNode? Example)> Parameters =>
        (Description["parameters"]?.AsArray() ?? []).Select(p => (p!["name"]!.GetValue<string>(), p["in"]!.GetValue<string>(), p["example"]));

    /// <summary>Type of the body; null without one.</summary>
    public string? BodyType => Description["requestBody"]?["content"]?.AsObject().First().Key;

    /// <summary>The body's example, for a JSON body.</summary>
    public JsonNode? Body => Description["requestBody"]?["content"]?["application/json"]?["example"];

    /// <summary>The described answers.</summary>
    public IEnumerable<(int Status, JsonNode Answer)> Answers => Description["responses"]!.AsObject().Select(r => (int.Parse(r.Key, CultureInfo.InvariantCulture), r.Value!));

    /// <summary>The request with these values of its parameters; those that are null are left out.</summary>
    public HttpRequestMessage Request(Func<string, JsonNode?, string?> value, HttpContent? body)
    {
        var (path, query) = (Path, new StringBuilder());
        foreach (var (name, where, example) in Parameters)
        {
            if (value(name, example) is not { } text) continue;
            if (where == "path") path = path.Replace($"{{{name}}}", Uri.EscapeDataString(text), StringComparison.Ordinal);
            else query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(text));
        }
        return new HttpRequestMessage(Method, path + query) { Content = body };
    }
}

/// <summary>The document, read.</summary>
sealed class DescribedApi
{
    public required JsonNode Document { get; init; }

    public required IReadOnlyList<Operation> Operations { get; init; }

    public static async Task<DescribedApi> Read(RunningApi api)
    {
        var document = (await api.Anonymous.GetJson("/openapi/v1.json"))!;
        return new()
        {
            Document = document,
            Operations =
            [
                .. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => new Operation(
                    operation.Value!["operationId"]!.GetValue<string>(), new HttpMethod(operation.Key.ToUpperInvariant()), path.Key,
                    operation.Value["x-kdr-role"]!.GetValue<string>(), operation.Value))),
            ],
        };
    }
}
