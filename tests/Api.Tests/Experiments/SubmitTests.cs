using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Plans;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Experiments;

public sealed class SubmitTests(RunningApi api) : IClassFixture<RunningApi>
{
    Task<long> Stored() => api.Database.Scalar<long>("SELECT count(*) FROM experiment");

    [PostgresFact]
    public async Task A_valid_spec_becomes_an_experiment_with_the_jobs_of_its_plan()
    {
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(SmallSpec.Unique()));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var detail = (await response.Body())!;
        response.Headers.Location!.ToString().ShouldBe($"/v1/experiments/{Answers.IdOf(detail)}");
        detail["experiment"]!["state"]!.GetValue<string>().ShouldBe("queued");
        detail["experiment"]!["owner"]!.GetValue<string>().ShouldBe("ada");
        detail["jobs"]!.AsArray().Select(j => j!["key"]!.GetValue<string>()).ShouldBe(ExperimentPlan.Of(SmallSpec.Spec).Jobs.Select(j => j.Key));
        detail["jobs"]![0]!["job"]!["state"]!.GetValue<string>().ShouldBe("queued");

        var again = await api.Ada.GetJson(response.Headers.Location.ToString());
        JsonNode.DeepEquals(again, detail).ShouldBeTrue();
    }

    [PostgresFact]
    public async Task The_same_spec_again_is_the_first_experiment()
    {
        var spec = SmallSpec.Unique();
        var first = Answers.IdOf(await api.Ada.Submit(spec));
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(spec));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Answers.IdOf((await response.Body())!).ShouldBe(first);

        Answers.IdOf(await api.Bob.Submit(spec)).ShouldNotBe(first, "another owner's is another experiment");
    }

    [PostgresFact]
    public async Task Again_computes_everything_anew()
    {
        var spec = SmallSpec.Unique();
        var first = await api.Ada.Submit(spec);
        var second = await api.Ada.Submit(spec, "?again=true");
        Answers.IdOf(second).ShouldNotBe(Answers.IdOf(first));
        second["experiment"]!["runNumber"]!.GetValue<int>().ShouldBe(1);
        Fingerprints(second).Intersect(Fingerprints(first)).ShouldBeEmpty();
        second["experiment"]!["fingerprint"]!.GetValue<string>().ShouldBe(first["experiment"]!["fingerprint"]!.GetValue<string>());

        static IEnumerable<string> Fingerprints(JsonNode detail) => detail["jobs"]!.AsArray().Select(j => j!["job"]!["fingerprint"]!.GetValue<string>());
    }

    [PostgresFact]
    public async Task Every_problem_of_a_spec_is_told_at_once_and_nothing_is_stored()
    {
        var before = await Stored();
        var spec = JsonNode.Parse(SmallSpec.Unique())!;
        spec["seed"] = -1;
        spec["colour"] = "blue";
        spec.AsObject().Remove("title");
        spec["models"]!["cni"]!["weights"]!["epochs"] = "many";
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(spec.ToJsonString()));
        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
        var errors = problem["errors"]!.AsArray();
        errors.Select(e => e!["path"]!.GetValue<string>()).ShouldBe(["$.seed", "$.title", "$.colour", "$.models.cni.weights.epochs"], ignoreOrder: true);
        foreach (var error in errors)
        {
            error!["message"]!.GetValue<string>().ShouldNotBeEmpty();
            error["expected"]!.GetValue<string>().ShouldNotBeEmpty();
            error["got"].ShouldNotBeNull();
        }
        (await Stored()).ShouldBe(before);
    }

    [PostgresTheory]
    [InlineData("", "$")]
    [InlineData("{ \"name\": }", "$")]
    [InlineData("[]", "$")]
    public async Task What_is_not_a_spec_at_all_is_refused(string body, string path)
    {
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(body));
        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
        problem["errors"]![0]!["path"]!.GetValue<string>().ShouldBe(path);
    }

    [PostgresTheory]
    [InlineData("\\u0000")]
    [InlineData("a\\ud800b")]
    public async Task A_text_that_no_database_stores_is_refused(string text)
    {
        var spec = SmallSpec.Unique().Replace("\"title\": \"", $"\"title\": \"{text}", StringComparison.Ordinal);
        using var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(spec));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]![0]!["message"]!.GetValue<string>().ShouldContain("cannot be stored");
    }

    [PostgresFact]
    public async Task A_view_that_does_not_exist_and_a_cycle_are_refused()
    {
        var missing = SmallSpec.Unique().Replace("\"teacher\": \"teacher\"", "\"teacher\": \"teecher\"", StringComparison.Ordinal);
        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(missing)))
            (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]![0]!["path"]!.GetValue<string>().ShouldBe("$.models.student.weights.distillation.teacher");

        var cycle = SmallSpec.Unique().Replace("\"teacher\": \"teacher\"", "\"teacher\": \"student\"", StringComparison.Ordinal);
        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(cycle)))
            await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
    }

    [PostgresFact]
    public async Task A_body_that_is_too_large_is_413_whether_or_not_it_says_its_length()
    {
        var large = "{\"title\": \"" + new string('x', 1 << 20) + "\"}";
        using (var response = await api.Ada.PostAsync("/v1/experiments", Answers.Json(large)))
            await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/experiments") { Content = Answers.Json(large) };
        request.Headers.TransferEncodingChunked = true;
        using (var response = await api.Ada.SendAsync(request))
            await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    [PostgresFact]
    public async Task A_body_of_another_type_or_encoding_is_refused()
    {
        using (var response = await api.Ada.PostAsync("/v1/experiments", new StringContent(SmallSpec.Unique())))
            await response.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "not-json");
        using var latin = new ByteArrayContent([(byte)'"', 0xff, (byte)'"']);
        latin.Headers.ContentType = new("application/json");
        using (var response = await api.Ada.PostAsync("/v1/experiments", latin))
            await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }
}
