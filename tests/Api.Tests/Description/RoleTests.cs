using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Description;

/// <summary>Every operation of the document under every role: what is too much is 403, what is allowed never 401 or 403.</summary>
public sealed class RoleTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly string[] Roles = ["none", "reader", "submitter", "admin"];

    // Streams end by themselves only when what they tell of is not there.
    static string Value(string name, JsonNode? example) => name switch
    {
        "id" => Guid.NewGuid().ToString(), "topics" => $"job:{Guid.NewGuid()}", "owner" => "ada", "expect" => "-1", "name" => "nobody", _ => example?.ToString() ?? "x",
    };

    [PostgresFact]
    public async Task A_role_may_do_what_the_document_says_and_no_more()
    {
        var clients = new Dictionary<string, HttpClient>(StringComparer.Ordinal)
        {
            ["none"] = api.Anonymous, ["reader"] = api.AdaReads, ["submitter"] = api.Ada, ["admin"] = api.Client(await api.Key("ada", ApiKeyRole.Admin)),
        };
        var wrong = new List<string>();
        foreach (var operation in (await DescribedApi.Read(api)).Operations)
            foreach (var (role, client) in clients)
            {
                using var body = operation.BodyType is null ? null : Answers.Json("{}");
                using var request = operation.Request(Value, body);
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                var allowed = Array.IndexOf(Roles, role) >= Array.IndexOf(Roles, operation.Role);
                var expected = allowed ? (HttpStatusCode?)null : role == "none" ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden;
                if (expected is { } status ? response.StatusCode != status : response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                    wrong.Add($"{operation.Method} {operation.Path} as {role}: {(int)response.StatusCode}, the document says {operation.Role}");
            }
        wrong.ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Nobody_without_a_key_changes_anything_and_every_change_needs_more_than_a_readers()
    {
        var operations = (await DescribedApi.Read(api)).Operations;
        operations.Where(operation => operation.Role == "none").Select(operation => operation.Path).ShouldBe(["/healthz", "/readyz"], ignoreOrder: true);
        operations.Where(operation => operation.Method != HttpMethod.Get && operation.Role == "reader").Select(operation => operation.Id)
            .ShouldBe(["planExperiment", "rotateKey"], ignoreOrder: true, "the one changes nothing, the other only what is the caller's own");
    }

    [PostgresFact]
    public async Task Anothers_things_are_nowhere_to_be_seen()
    {
        var detail = await api.Ada.Submit(Samples.SmallSpec.Unique());
        var (experiment, job) = (Answers.IdOf(detail), detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>());
        var wrong = new List<string>();
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.Role is "reader" or "submitter" && operation.Path.Contains("{id}", StringComparison.Ordinal)))
        {
            var id = operation.Path.StartsWith("/v1/jobs", StringComparison.Ordinal) ? job : experiment;
            using var body = operation.BodyType is null ? null : Answers.Json("{}");
            using var request = operation.Request((name, example) => name == "id" ? id.ToString() : example?.ToString(), body);
            using var response = await api.Bob.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode != HttpStatusCode.NotFound) wrong.Add($"{operation.Method} {operation.Path}: {(int)response.StatusCode}");
        }
        wrong.ShouldBeEmpty();
    }
}
