using System.Net;
using System.Text;
using KdRobust.Api.Tests.Description;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>A refusal names the field, what stood there and what was expected; in our words, not the framework's.</summary>
public sealed class RefusalWordsTests(FuzzedApi api) : IClassFixture<FuzzedApi>
{
    [PostgresFact]
    public async Task Every_parameter_that_is_no_number_truth_or_id_is_told_by_name_with_what_was_expected()
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var operation in (await DescribedApi.Read(api)).Operations)
            foreach (var parameter in operation.Description["parameters"]?.AsArray() ?? [])
            {
                var (name, kinds) = (parameter!["name"]!.GetValue<string>(), parameter["schema"]!.ToJsonString());
                if (parameter["in"]!.GetValue<string>() != "query" || !(kinds.Contains("integer", StringComparison.Ordinal) || kinds.Contains("boolean", StringComparison.Ordinal) || kinds.Contains("uuid", StringComparison.Ordinal))) continue;
                tried++;
                using var body = operation.Body is { } json ? Answers.Json(json.ToJsonString()) : null;
                using var request = operation.Request((each, example) => each == name ? "seven" : each == "id" ? Guid.NewGuid().ToString() : example?.ToString(), body);
                using var response = await api.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                var detail = (await response.Body())?["detail"]?.GetValue<string>() ?? "";
                if (response.StatusCode != HttpStatusCode.BadRequest || !detail.StartsWith($"{name} is 'seven'; expected ", StringComparison.Ordinal)) wrong.Add($"{operation.Id} {name}: {(int)response.StatusCode} {detail}");
            }
        wrong.ShouldBeEmpty();
        tried.ShouldBeGreaterThan(20);
    }

    [PostgresFact]
    public async Task A_parameter_that_is_missing_is_told_by_name_with_what_was_expected()
    {
        using var response = await api.Admin.PostAsync($"/v1/jobs/{Guid.NewGuid()}/priority", null);
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldBe("priority is missing; expected a whole number");
    }

    [PostgresTheory]
    [InlineData("/v1/keys", """{ "owner": "a", "role": "king", "label": "x" }""", "$.role", "reader, submitter, admin")]
    [InlineData("/v1/keys", """{ "owner": "a", "role": 1, "label": "x" }""", "$.role", "reader, submitter, admin")]
    [InlineData("/v1/keys", """{ "owner": 5, "role": "reader", "label": "x" }""", "$.owner", "text")]
    [InlineData("/v1/keys", """{ "owner": "a", "role": "reader", "label": "x", "expiresInDays": "many" }""", "$.expiresInDays", "a whole number or null")]
    [InlineData("/v1/keys", """{ "owner": "a", "role": "reader", "label": "x", "more": 1 }""", "$.more", "no such field; expected owner, role, label, expiresInDays")]
    [InlineData("/v1/keys", """{ "owner": null, "role": "reader", "label": "x" }""", "$.owner", "text")]
    [InlineData("/v1/keys", """{ "owner": "a" }""", "role", "expected")]
    [InlineData("/v1/keys", """[]""", "$", "expected an object with owner, role, label, expiresInDays")]
    [InlineData("/v1/keys", "", "the body is missing", "expected an object with owner, role, label, expiresInDays")]
    [InlineData("/v1/keys", "null", "the body is missing", "expected an object with owner, role, label, expiresInDays")]
    [InlineData("/v1/quotas", """{ "owner": "a", "device": "tpu", "mostRunning": 1 }""", "$.device", "cpu, cuda")]
    [InlineData("/v1/quotas", """{ "owner": "a", "device": "cpu", "mostRunning": 1e9999 }""", "$.mostRunning", "a whole number")]
    public async Task A_field_of_a_body_is_told_by_its_path_with_what_was_expected(string address, string body, string path, string expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await api.Admin.PostAsync(address, content);
        var detail = (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>();
        detail.ShouldContain(path);
        detail.ShouldContain(expected);
    }

    [PostgresFact]
    public async Task A_name_that_no_database_stores_is_refused_where_sweeps_are_listed()
    {
        using var response = await api.Ada.GetAsync("/v1/sweeps?name=a%00b");
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("name has 3 characters, some of them control characters; expected");
    }
}
