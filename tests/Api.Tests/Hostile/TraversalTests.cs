using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>Names that lead elsewhere, wherever a name is taken: nothing outside is read, and nobody who saves an answer is led there.</summary>
public sealed class TraversalTests(FuzzedApi api) : IClassFixture<FuzzedApi>
{
    static readonly string[] Ways = ["../../../../etc/passwd", "/etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%252e%252e%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "....//....//etc/passwd", "etc/passwd%00.html", "%c0%ae%c0%ae%2fetc%2fpasswd"];

    [PostgresFact]
    public async Task No_address_reads_a_file_that_is_not_the_services()
    {
        var id = await api.Ada.SubmitSample();
        foreach (var way in Ways)
            foreach (var address in new[]
            {
                $"/{way}", $"/assets/{way}", $"/docs/{way}", $"/openapi/{way}.json", $"/problems/{way}", $"/v1/experiments/{id}/report.{way}", $"/v1/experiments/{id}/figures/{way}.svg",
                $"/v1/experiments/{id}/figures/figure1.{way}", $"/v1/models/{way}", $"/v1/models/{way}/content", $"/v1/sweeps/{id}/table.{way}", $"/v1/checkpoints/{way}/content", $"/experiments/{way}",
            })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Address + address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
                request.Headers.Authorization = api.Ada.DefaultRequestHeaders.Authorization;
                using var response = await api.Raw.SendAsync(request, default);
                var text = await response.Content.ReadAsStringAsync();
                text.ShouldNotContain("root:", customMessage: address);
                ((int)response.StatusCode).ShouldBeLessThan(500, address);
                // The page answers its own addresses itself, with itself.
                if (response.StatusCode == HttpStatusCode.OK) response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html", address);
            }
        api.Faults().ShouldBeEmpty();
    }

    [PostgresTheory]
    [InlineData("../../../../var/spool/cron/ada")]
    [InlineData("/etc/cron.d/x")]
    [InlineData(@"..\..\autoexec.bat")]
    [InlineData("..")]
    [InlineData("a\"; filename=\"b.sh")]
    [InlineData("réseau/../x.pt")]
    public async Task A_file_of_weights_is_handed_out_under_a_name_without_a_way_in_it(string name)
    {
        using var uploaded = await api.Ada.Upload(Guid.NewGuid().ToByteArray(), name);
        uploaded.StatusCode.ShouldBe(HttpStatusCode.Created);
        var stored = (await uploaded.Body())!;
        stored["name"]!.GetValue<string>().ShouldBe(name, "what an owner calls it is his");
        using var response = await api.Ada.GetAsync($"/v1/models/{stored["sha256"]}/content");
        var disposition = response.Content.Headers.ContentDisposition!;
        foreach (var saved in new[] { disposition.FileName!.Trim('"'), disposition.FileNameStar! })
        {
            saved.ShouldNotBeEmpty();
            saved.IndexOfAny(['/', '\\', '"', ';']).ShouldBe(-1, saved);
            saved.ShouldNotBe("..");
            Path.GetFileName(saved).ShouldBe(saved);
        }
    }

    [PostgresTheory]
    [InlineData("$.dataset.name", "../../etc/passwd")]
    [InlineData("$.dataset.name", "/data/cifar10")]
    [InlineData("$.name", "../../reports/x")]
    [InlineData("$.name", "a/../../b")]
    public async Task A_spec_names_no_way(string path, string value)
    {
        var spec = JsonNode.Parse(SmallSpec.Unique())!;
        if (path == "$.name") spec["name"] = value;
        else spec["dataset"]!["name"] = value;
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(spec.ToJsonString()));
        var error = (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray().Single(error => error!["path"]!.GetValue<string>() == path)!;
        error["got"]!.GetValue<string>().ShouldContain(value);
        error["expected"]!.GetValue<string>().ShouldNotBeEmpty();
    }

    [PostgresFact]
    public async Task A_model_and_a_table_are_not_named_by_a_way_either()
    {
        var text = SmallSpec.Unique().Replace("\"cni\"", "\"../cni\"", StringComparison.Ordinal);
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(text));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray().ShouldContain(error => error!["got"]!.GetValue<string>().Contains("../cni"));
    }
}
