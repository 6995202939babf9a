using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Description;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>The n-th hostile request of an operation: the same for the same seed, whatever else is sent.</summary>
/// <param name="described">The document.</param>
/// <param name="things">Ids of examples, and those of things that are there in their place.</param>
/// <param name="seed">Another seed, other requests.</param>
sealed class HostileRequests(DescribedApi described, IReadOnlyDictionary<string, string> things, int seed)
{
    static readonly HttpMethod[] Others = [HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Options, HttpMethod.Head, HttpMethod.Trace, new("BREW")];

    /// <summary>Makes it.</summary>
    public HttpRequestMessage Make(Operation operation, int number)
    {
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{operation.Id}/{number}"))));
        var address = new Uri("http://host" + Path(operation, random) + Query(operation, random), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(random.Next(25) == 0 ? Others[random.Next(Others.Length)] : operation.Method, address);
        if (request.Method != HttpMethod.Trace && (operation.BodyType is not null || (operation.Method != HttpMethod.Get && random.Next(3) == 0))) request.Content = Body(operation, random);
        for (var i = random.Next(3); i > 0; i--)
        {
            var (name, value) = HostileText.Header(random);
            request.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    string Path(Operation operation, Random random)
    {
        var path = operation.Path;
        foreach (var (name, _, example) in operation.Parameters.Where(parameter => parameter.In == "path"))
            path = path.Replace($"{{{name}}}", random.Next(10) < 7 ? Uri.EscapeDataString(Thing(example)) : NotEmpty(HostileText.InAddress(random)), StringComparison.Ordinal);
        return random.Next(20) == 0 ? path + "/" + HostileText.InAddress(random) : path;
    }

    static string NotEmpty(string text) => text.Length == 0 || text.Contains('\\') ? "%20" : text;

    string Query(Operation operation, Random random)
    {
        var parts = new List<string>();
        foreach (var (name, _, example) in operation.Parameters.Where(parameter => parameter.In == "query"))
        {
            for (var times = random.Next(12) == 0 ? 2 : 1; times > 0; times--)
                switch (random.Next(10))
                {
                    case < 4: break;
                    case < 7: parts.Add($"{name}={Uri.EscapeDataString(Thing(example))}"); break;
                    case 7 when random.Next(3) == 0: parts.Add(name); break;
                    default: parts.Add($"{name}={HostileText.InAddress(random)}"); break;
                }
        }
        if (random.Next(10) == 0) parts.Add($"{HostileText.InAddress(random)}={HostileText.InAddress(random)}");
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts);
    }

    HttpContent Body(Operation operation, Random random)
    {
        if (operation.BodyType != "application/json")
        {
            var bytes = new byte[random.Next(3) switch { 0 => 0, 1 => 30, _ => 40_000 }];
            random.NextBytes(bytes);
            return HostileBody.Of(bytes, operation.BodyType ?? "application/json", random);
        }
        var json = new HostileJson(described.Document, random);
        var schema = operation.Description["requestBody"]!["content"]!["application/json"]!["schema"];
        var text = random.Next(10) switch
        {
            < 4 => json.Struck(operation.Body),
            < 7 => json.Struck(json.Of(schema)),
            7 => (json.Of(schema) ?? JsonValue.Create("x")).ToJsonString(),
            8 => operation.Body!.ToJsonString(),
            _ => HostileText.InJson(random),
        };
        return HostileBody.Of(Encoding.UTF8.GetBytes(text), "application/json", random);
    }

    string Thing(JsonNode? example) => example?.ToString() is { } text ? things.GetValueOrDefault(text, text) : "x";
}
