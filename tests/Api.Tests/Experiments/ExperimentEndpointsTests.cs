using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Experiments;

public sealed class ExperimentEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task Lists_come_in_pages_newest_first_and_each_once()
    {
        var submitted = new List<Guid>();
        for (var i = 0; i < 5; i++) submitted.Add(await api.Bob.SubmitSample());
        submitted.Reverse();

        var seen = new List<Guid>();
        var address = "/v1/experiments?limit=2";
        while (true)
        {
            using var response = await api.Bob.GetAsync(address);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            var page = (await response.Body())!;
            seen.AddRange(page["items"]!.AsArray().Select(i => i!["id"]!.GetValue<Guid>()));
            if (page["next"] is not { } next) break;
            response.Headers.GetValues("Link").Single().ShouldBe($"</v1/experiments?limit=2&cursor={next}>; rel=\"next\"");
            address = $"/v1/experiments?limit=2&cursor={next}";
        }
        seen.ShouldBe(submitted);
    }

    [PostgresTheory]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("cursor=newest")]
    [InlineData("cursor=-1")]
    public async Task A_wrong_page_is_refused(string query)
    {
        using var response = await api.Ada.GetAsync($"/v1/experiments?{query}");
        await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }

    [PostgresFact]
    public async Task An_experiment_is_found_by_name_the_newest_of_it()
    {
        await api.Ada.SubmitSample();
        var newest = await api.Ada.SubmitSample();
        (await api.Ada.GetJson("/v1/experiments?name=small&limit=1"))!["items"]!.AsArray().Single()!["id"]!.GetValue<Guid>().ShouldBe(newest);
        (await api.Ada.GetJson("/v1/experiments?name=none"))!["items"]!.AsArray().ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Another_owners_experiment_is_not_there_and_an_admin_sees_it()
    {
        var id = await api.Ada.SubmitSample();
        foreach (var address in new[] { $"/v1/experiments/{id}", $"/v1/experiments/{id}/report.json", $"/v1/events?topics=experiment:{id}" })
            using (var response = await api.Bob.GetAsync(address))
                await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        using (var response = await api.Bob.PostAsync($"/v1/experiments/{id}/cancel", null))
            await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await api.Bob.GetJson("/v1/experiments?limit=500"))!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<Guid>()).ShouldNotContain(id);
        Answers.IdOf((await api.Admin.GetJson($"/v1/experiments/{id}"))!).ShouldBe(id);
    }

    [PostgresFact]
    public async Task Cancelling_ends_what_nobody_else_uses()
    {
        var spec = SmallSpec.Unique();
        var id = Answers.IdOf(await api.Ada.Submit(spec));
        using var response = await api.Ada.PostAsync($"/v1/experiments/{id}/cancel", null);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var done = (await response.Body())!;
        var detail = (await api.Ada.GetJson($"/v1/experiments/{id}"))!;
        done["cancelled"]!.AsArray().Count.ShouldBe(detail["jobs"]!.AsArray().Count);
        detail["experiment"]!["state"]!.GetValue<string>().ShouldBe("cancelled");
        detail["experiment"]!["cancelledBy"]!.GetValue<string>().ShouldBe("ada");
        detail["jobs"]!.AsArray().ShouldAllBe(j => j!["job"]!["state"]!.GetValue<string>() == "cancelled");
    }

    [PostgresFact]
    public async Task Cancelling_leaves_jobs_that_another_experiment_uses_and_names_it()
    {
        var spec = SmallSpec.Unique();
        var first = Answers.IdOf(await api.Ada.Submit(spec));
        var other = JsonNode.Parse(spec)!;
        other["name"] = "other";
        var second = Answers.IdOf(await api.Ada.Submit(other.ToJsonString()));
        using var response = await api.Ada.PostAsync($"/v1/experiments/{first}/cancel", null);
        var done = (await response.Body())!;
        done["cancelled"]!.AsArray().ShouldBeEmpty();
        done["kept"]!.AsArray().ShouldNotBeEmpty();
        done["kept"]![0]!["users"]![0]!["experimentId"]!.GetValue<Guid>().ShouldBe(second);
    }

    [PostgresFact]
    public async Task The_report_comes_in_four_forms_with_the_same_numbers()
    {
        var id = await api.Ada.SubmitSample();
        await new StandInWorker(api).FinishAll();

        var json = (await api.Ada.GetJson($"/v1/experiments/{id}/report.json"))!;
        json["complete"]!.GetValue<bool>().ShouldBeTrue();
        var cell = json["tables"]![0]!["rows"]![0]!["cells"]![0]!["ours"]!;
        cell["accuracy"]!.GetValue<double>().ShouldBe(39);
        json["figures"]![0]!["panels"]![0]!["series"]![0]!["points"]!.AsArray().Select(p => p!["y"]!.GetValue<double>()).ShouldBe([10.0, 20, 30], 1e-9);

        (await Text("html", "text/html")).ShouldContain("39.0<span class=\"interval\">[30.0, 48.8]</span>");
        (await Text("md", "text/markdown")).ShouldContain("| Smooth prediction smoothing | 88.68 | 39.0 [30.0, 48.8] |");
        var csv = (await Text("csv", "text/csv")).Split("\r\n");
        csv[0].ShouldStartWith("result,paper,accuracy,");
        csv.ShouldContain(line => line.StartsWith("teacher-clean,88.6", StringComparison.Ordinal) && line.Contains(",39,"));

        async Task<string> Text(string format, string type)
        {
            using var response = await api.Ada.GetAsync($"/v1/experiments/{id}/report.{format}");
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
            return await response.Content.ReadAsStringAsync();
        }
    }

    [PostgresFact]
    public async Task Another_form_of_report_is_refused()
    {
        var id = await api.Ada.SubmitSample();
        using var response = await api.Ada.GetAsync($"/v1/experiments/{id}/report.docx");
        (await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found"))["detail"]!.GetValue<string>().ShouldContain("report.html");
    }

    [PostgresFact]
    public async Task A_figure_is_served_as_svg_png_and_csv()
    {
        var id = await api.Ada.SubmitSample();
        await new StandInWorker(api).FinishAll();
        var svg = await api.Ada.GetAsync($"/v1/experiments/{id}/figures/figure2.svg");
        svg.StatusCode.ShouldBe(HttpStatusCode.OK);
        svg.Content.Headers.ContentType!.MediaType.ShouldBe("image/svg+xml");
        (await svg.Content.ReadAsStringAsync()).ShouldStartWith("<svg xmlns=");
        var png = await api.Ada.GetByteArrayAsync($"/v1/experiments/{id}/figures/figure2.png");
        png[..8].ShouldBe([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        (await api.Ada.GetStringAsync($"/v1/experiments/{id}/figures/figure2.csv")).Split("\r\n").Length.ShouldBe(1 + 4 * 3 + 1, "a heading, three epochs of four lines, and the end");

        using var other = await api.Ada.GetAsync($"/v1/experiments/{id}/figures/figure2.pdf");
        (await other.ShouldBeProblem(HttpStatusCode.NotFound, "not-found"))["detail"]!.GetValue<string>().ShouldContain("figure2.png");
        using var none = await api.Ada.GetAsync($"/v1/experiments/{id}/figures/figure9.svg");
        (await none.ShouldBeProblem(HttpStatusCode.NotFound, "not-found"))["detail"]!.GetValue<string>().ShouldContain("has no figure 'figure9': there are figure2, figure4");
        (await api.Bob.GetAsync($"/v1/experiments/{id}/figures/figure2.svg")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
