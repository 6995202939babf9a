using System.Net;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hosting;

public sealed class ServiceTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task The_description_is_OpenAPI_3_1_and_names_every_endpoint_with_an_example()
    {
        var document = (await api.Anonymous.GetJson("/openapi/v1.json"))!;
        document["openapi"]!.GetValue<string>().ShouldStartWith("3.1");
        var paths = document["paths"]!.AsObject().Select(p => p.Key).ToList();
        foreach (var resource in new[] { "experiments", "jobs", "models", "sweeps", "checkpoints/{id}/content", "workers", "queues", "quotas", "datasets", "keys", "audit", "events", "plan", "schedules", "chores" })
            paths.ShouldContain(path => path == $"/v1/{resource}" || path.StartsWith($"/v1/{resource}/", StringComparison.Ordinal), resource);
        var post = document["paths"]!["/v1/experiments"]!["post"]!;
        post["requestBody"]!["content"]!["application/json"]!["example"]!["name"]!.GetValue<string>().ShouldBe("example");
        post["responses"]!["400"]!["content"]!["application/problem+json"]!["example"]!["errors"]!.AsArray().ShouldNotBeEmpty();
        post["responses"]!.AsObject().Select(r => r.Key).ShouldBe(["201", "200", "400", "401", "403", "409", "413", "415", "422", "429", "503", "504"], ignoreOrder: true);
        var upload = document["paths"]!["/v1/models"]!["post"]!;
        upload["requestBody"]!["content"]!["application/octet-stream"]!["schema"]!["format"]!.GetValue<string>().ShouldBe("binary");
        upload["responses"]!.AsObject().Select(r => r.Key).ShouldBe(["201", "200", "400", "401", "403", "409", "413", "415", "422", "429", "503", "504"], ignoreOrder: true);
        document["paths"]!["/v1/models/{sha256}"]!["delete"]!["responses"]!.AsObject().Select(r => r.Key).ShouldBe(["204", "400", "401", "403", "404", "409", "429", "503", "504"], ignoreOrder: true);
        document["paths"]!["/healthz"]!["get"]!["security"]!.AsArray().ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task The_docs_page_asks_no_other_host_for_anything()
    {
        var page = await api.Anonymous.GetStringAsync("/docs/index.html");
        page.ShouldContain("swagger-ui");
        page.ShouldNotContain("//cdn");
        page.ShouldNotContain("src=\"http");
        page.ShouldNotContain("href=\"http");
        using var script = await api.Anonymous.GetAsync("/docs/swagger-ui-bundle.js");
        script.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [PostgresFact]
    public async Task Every_problem_has_a_page_at_its_type()
    {
        foreach (var kind in Problems.ProblemKind.All)
            (await api.Anonymous.GetStringAsync(kind.Type)).ShouldContain(kind.WhatToDo);
    }

    [PostgresTheory]
    [InlineData("GET", "/v1/nothing", 404, "not-found")]
    [InlineData("GET", "/v1/experiments/7", 404, "not-found")]
    [InlineData("POST", "/v1/swoops", 404, "not-found")]
    [InlineData("DELETE", "/v1/experiments", 405, "method-not-allowed")]
    public async Task What_does_not_exist_is_a_problem_document_too(string method, string address, int status, string slug)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        using var response = await api.Ada.SendAsync(request);
        await response.ShouldBeProblem((HttpStatusCode)status, slug);
    }

    [PostgresFact]
    public async Task A_port_that_is_taken_is_one_line_that_says_what_to_do()
    {
        var options = new ApiOptions { Database = api.Database.ConnectionString, Listen = new(IPAddress.Loopback, new Uri(api.Address).Port) };
        await using var second = ApiApplication.Build(options);
        (await Should.ThrowAsync<StartRefusedException>(() => ApiProcess.Start(second, options))).Message.ShouldContain("another program has the port");
    }

    [PostgresFact]
    public async Task A_database_that_does_not_exist_is_one_line_that_says_what_to_do()
    {
        var options = new ApiOptions { Database = "Host=127.0.0.1;Port=1;Username=x;Timeout=2", Listen = new(IPAddress.Loopback, 0) };
        await using var app = ApiApplication.Build(options);
        var refused = await Should.ThrowAsync<StartRefusedException>(() => ApiProcess.Start(app, options));
        refused.Message.ShouldContain("./kdr up");
        refused.Message.ShouldNotContain("\n");
    }
}
