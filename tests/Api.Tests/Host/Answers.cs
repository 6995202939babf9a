using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Samples;

namespace KdRobust.Api.Tests.Host;

/// <summary>What tests ask and look at most often.</summary>
static class Answers
{
    /// <summary>Submits a spec and returns the answer's body, which must be 201 or 200.</summary>
    public static async Task<JsonNode> Submit(this HttpClient client, string spec, string query = "")
    {
        using var response = await client.PostAsync($"/v1/experiments{query}", Json(spec));
        response.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.OK);
        return (await response.Body())!;
    }

    /// <summary>Submits the sample under a seed of its own and returns the experiment's id.</summary>
    public static async Task<Guid> SubmitSample(this HttpClient client) => IdOf(await client.Submit(SmallSpec.Unique()));

    /// <summary>Uploads a file of weights.</summary>
    public static async Task<HttpResponseMessage> Upload(this HttpClient client, byte[] content, string name)
    {
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new("application/octet-stream");
        return await client.PostAsync($"/v1/models?name={Uri.EscapeDataString(name)}", body);
    }

    public static Guid IdOf(JsonNode detail) => detail["experiment"]!["id"]!.GetValue<Guid>();

    public static async Task<JsonNode?> GetJson(this HttpClient client, string address)
    {
        using var response = await client.GetAsync(address);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, address);
        return await response.Body();
    }

    public static async Task<JsonNode?> Body(this HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync());

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>Checks that a refusal is a problem document that says the same status, and returns it.</summary>
    public static async Task<JsonNode> ShouldBeProblem(this HttpResponseMessage response, HttpStatusCode status, string slug)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = (await response.Body())!;
        problem["status"]!.GetValue<int>().ShouldBe((int)status);
        problem["type"]!.GetValue<string>().ShouldBe($"/problems/{slug}");
        problem["title"]!.GetValue<string>().ShouldNotBeEmpty();
        problem["detail"]!.GetValue<string>().ShouldNotBeEmpty();
        return problem;
    }
}
