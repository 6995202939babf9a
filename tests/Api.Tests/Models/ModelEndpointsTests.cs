using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Models;

/// <summary>Uploaded files: shown to their owners, needed by specs, deleted when no job needs them.</summary>
public sealed class ModelEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    static readonly string Unknown = new('a', 64);

    async Task<string> Uploaded(HttpClient client, string name = "weights.pt")
    {
        using var response = await client.Upload(RandomNumberGenerator.GetBytes(50), name);
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await response.Body())!["sha256"]!.GetValue<string>();
    }

    [PostgresFact]
    public async Task Files_are_listed_newest_first_in_pages_and_each_owner_sees_his_own()
    {
        var names = Enumerable.Range(0, 5).Select(i => $"listed {i}").ToList();
        foreach (var name in names) await Uploaded(api.Ada, name);
        await Uploaded(api.Bob, "bob's");

        var seen = new List<string>();
        string? next = "/v1/models?limit=2";
        while (next is not null)
        {
            using var response = await api.AdaReads.GetAsync(next);
            var page = (await response.Body())!;
            seen.AddRange(page["items"]!.AsArray().Select(file => file!["name"]!.GetValue<string>()));
            next = page["next"] is { } cursor ? $"/v1/models?limit=2&cursor={cursor}" : null;
            if (next is not null) response.Headers.GetValues("Link").Single().ShouldContain(next);
        }
        seen.Where(name => name.StartsWith("listed", StringComparison.Ordinal)).ShouldBe(Enumerable.Reverse(names));
        seen.ShouldNotContain("bob's");
        (await api.Admin.GetJson("/v1/models?limit=500"))!["items"]!.AsArray().Select(file => file!["owner"]!.GetValue<string>()).Distinct().ShouldBe(["ada", "bob"], ignoreOrder: true);
        using var refused = await api.Ada.GetAsync("/v1/models?limit=501");
        await refused.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }

    [PostgresTheory]
    [InlineData("GET", "")]
    [InlineData("GET", "/content")]
    [InlineData("DELETE", "")]
    public async Task A_malformed_address_is_400_and_an_unknown_or_anothers_file_404(string method, string under)
    {
        var bobs = await Uploaded(api.Bob);
        foreach (var sha256 in new[] { "abc", Unknown.ToUpperInvariant(), Unknown[1..] + "g", Unknown + "0" })
        {
            using var response = await api.Ada.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/v1/models/{sha256}{under}"));
            (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("64 digits of lower-case hex");
        }
        foreach (var address in new[] { $"{Unknown}{under}", $"{bobs}{under}", $"{bobs}{under}?owner=bob" })
        {
            using var response = await api.Ada.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/v1/models/{address}"));
            await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        }
        (await api.Bob.GetJson($"/v1/models/{bobs}"))!["owner"]!.GetValue<string>().ShouldBe("bob");
    }

    [PostgresFact]
    public async Task An_admin_names_whose_file_is_meant()
    {
        var sha256 = await Uploaded(api.Bob, "bob's");
        using (var own = await api.Admin.GetAsync($"/v1/models/{sha256}")) await own.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await api.Admin.GetJson($"/v1/models/{sha256}?owner=bob"))!["name"]!.GetValue<string>().ShouldBe("bob's");
        using (var odd = await api.Admin.GetAsync($"/v1/models/{sha256}?owner=%00")) await odd.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
        using var deleted = await api.Admin.DeleteAsync($"/v1/models/{sha256}?owner=bob");
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var gone = await api.Bob.GetAsync($"/v1/models/{sha256}");
        await gone.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [PostgresFact]
    public async Task A_spec_that_imports_what_was_not_uploaded_is_400_with_the_path_of_each_and_nothing_is_stored()
    {
        var bobs = await Uploaded(api.Bob);
        var spec = Importing(Unknown, bobs);
        var before = await api.Database.Scalar<long>("SELECT count(*) FROM experiment");
        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(spec)))
        {
            var errors = (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray();
            errors.Select(error => error!["path"]!.GetValue<string>()).ShouldBe(["$.models.net0.weights.sha256", "$.models.net1.weights.sha256"]);
            errors.Select(error => error!["got"]!.GetValue<string>()).ShouldBe([Unknown, bobs]);
            errors[0]!["expected"]!.GetValue<string>().ShouldContain("kdr import FILE");
        }
        (await api.Database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(before);

        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(Importing(await Uploaded(api.Ada), bobs))))
            (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray().Single()!["path"]!.GetValue<string>().ShouldBe("$.models.net1.weights.sha256");
    }

    [PostgresFact]
    public async Task A_file_that_a_job_needs_is_kept_and_one_that_none_needs_is_deleted()
    {
        var sha256 = await Uploaded(api.Ada);
        var detail = await api.Ada.Submit(Importing(sha256));
        detail["jobs"]!.AsArray().Single()!["key"]!.GetValue<string>().ShouldBe("import/net0");
        using (var refused = await api.Ada.DeleteAsync($"/v1/models/{sha256}"))
        {
            var problem = await refused.ShouldBeProblem(HttpStatusCode.Conflict, "model-in-use");
            problem["detail"]!.GetValue<string>().ShouldContain("import net0");
            problem["jobs"]!.AsArray().Single()!["jobId"]!.GetValue<Guid>().ShouldBe(detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>());
        }
        using (await api.Ada.PostAsync($"/v1/experiments/{Answers.IdOf(detail)}/cancel", null))
        using (var deleted = await api.Ada.DeleteAsync($"/v1/models/{sha256}"))
            deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var again = await api.Ada.DeleteAsync($"/v1/models/{sha256}");
        await again.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [PostgresFact]
    public async Task A_damaged_file_never_looks_whole()
    {
        var content = RandomNumberGenerator.GetBytes(3_000_000);
        using (await api.Ada.Upload(content, "damaged")) { }
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        await api.Database.Execute($"UPDATE chunk SET content = set_byte(content, 7, (get_byte(content, 7) + 1) % 256) WHERE sha256 = (SELECT part.sha256 FROM model_file_chunk part JOIN model_file file ON file.id = part.model_file_id WHERE file.sha256 = '{sha256}' AND part.ordinal = 1)");
        await Should.ThrowAsync<HttpRequestException>(() => api.Ada.GetByteArrayAsync($"/v1/models/{sha256}/content"));
        using (await api.Ada.Upload(content, "damaged")) { }
        (await api.Ada.GetByteArrayAsync($"/v1/models/{sha256}/content")).ShouldBe(content, "another upload mends it");
    }

    /// <summary>The sample without anything but networks, each of which imports a file.</summary>
    static string Importing(params string[] sha256)
    {
        var spec = JsonNode.Parse(SmallSpec.Unique())!;
        var network = spec["models"]!["cni"]!;
        var models = new JsonObject();
        foreach (var (hash, i) in sha256.Select((hash, i) => (hash, i)))
        {
            var model = network.DeepClone();
            model["weights"] = new JsonObject { ["kind"] = ImportPayload.Kind, ["sha256"] = hash, ["rename"] = new JsonArray(), ["skip"] = new JsonArray() };
            models[$"net{i}"] = model;
        }
        spec["models"] = models;
        foreach (var section in new[] { "views", "evaluations", "transfers" }) spec[section] = new JsonObject();
        foreach (var section in new[] { "tables", "figures" }) spec[section] = new JsonArray();
        return spec.ToJsonString();
    }
}
