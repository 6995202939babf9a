using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Sweeps;

public sealed class SweepEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    static Guid IdOf(JsonNode filled) => filled["sweep"]!["id"]!.GetValue<Guid>();

    async Task<JsonNode> Submit(string sweep, string query = "")
    {
        using var response = await api.Ada.PostAsync($"/v1/sweeps{query}", Answers.Json(sweep));
        response.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.OK);
        return (await response.Body())!;
    }

    async Task<List<JsonNode?>> Points(Guid id) => [.. (await api.Ada.GetJson($"/v1/sweeps/{id}/points"))!["items"]!.AsArray()];

    [PostgresFact]
    public async Task A_sweep_is_accepted_shown_and_found_again()
    {
        var sweep = SmallSweep.Unique(0.25, 0.5, 0.75);
        using var response = await api.Ada.PostAsync("/v1/sweeps", Answers.Json(sweep));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var filled = (await response.Body())!;
        response.Headers.Location!.ToString().ShouldBe($"/v1/sweeps/{IdOf(filled)}");
        filled["sweep"]!["state"]!.GetValue<string>().ShouldBe("queued");
        filled["sweep"]!["points"]!["queued"]!.GetValue<int>().ShouldBe(3);
        filled["made"]!.GetValue<int>().ShouldBe(3);
        filled["jobs"]!.GetValue<int>().ShouldBe(filled["sweep"]!["jobCounts"]!.AsObject().Sum(state => state.Value!.GetValue<int>()));

        using (var second = await api.Ada.PostAsync("/v1/sweeps", Answers.Json(sweep)))
        {
            second.StatusCode.ShouldBe(HttpStatusCode.OK);
            IdOf((await second.Body())!).ShouldBe(IdOf(filled));
        }
        IdOf(await Submit(sweep, "?again=true")).ShouldNotBe(IdOf(filled));

        var detail = (await api.Ada.GetJson($"/v1/sweeps/{IdOf(filled)}"))!;
        JsonNode.DeepEquals(detail["spec"]!["space"], JsonNode.Parse(sweep)!["space"]).ShouldBeTrue();
        (await api.Ada.GetJson("/v1/sweeps?limit=1"))!["items"]!.AsArray().ShouldHaveSingleItem();
        (await api.Ada.GetJson("/v1/sweeps?name=nobody"))!["items"]!.AsArray().ShouldBeEmpty();
        var points = await Points(IdOf(filled));
        points.Select(point => point!["values"]![0]!.GetValue<double>()).ShouldBe([0.25, 0.5, 0.75]);
        (await api.Ada.GetJson($"/v1/experiments/{points[1]!["experiment"]}"))!["spec"]!["models"]!["student"]!["weights"]!["distillation"]!["weight"]!.GetValue<double>().ShouldBe(0.5);

        var first = (await api.Ada.GetJson($"/v1/sweeps/{IdOf(filled)}/points?limit=2"))!;
        var rest = (await api.Ada.GetJson($"/v1/sweeps/{IdOf(filled)}/points?limit=2&cursor={first["next"]}"))!;
        rest["items"]!.AsArray().ShouldHaveSingleItem()!["ordinal"]!.GetValue<int>().ShouldBe(2);
    }

    [PostgresFact]
    public async Task Every_problem_of_a_sweep_is_told_at_once_and_nothing_is_stored()
    {
        var before = await api.Database.Scalar<long>("SELECT count(*) FROM sweep");
        var sweep = JsonNode.Parse(SmallSweep.Unique(0.5, 1.5, -1))!;
        using (var response = await api.Ada.PostAsync("/v1/sweeps", Answers.Json(sweep.ToJsonString())))
        {
            var errors = (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray();
            errors.Select(error => (error!["path"]!.GetValue<string>(), error["got"]!.GetValue<string>())).ShouldBe(
                [("$.base.models.student.weights.distillation.weight", "1.5"), ("$.base.models.student.weights.distillation.weight", "-1")]);
        }
        sweep["name"] = "Not a name";
        sweep["base"]!["seed"] = -1;
        sweep["space"]!["kind"] = "gird";
        using (var response = await api.Ada.PostAsync("/v1/sweeps", Answers.Json(sweep.ToJsonString())))
            (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray().Select(error => error!["path"]!.GetValue<string>())
                .ShouldBe(["$.name", "$.base.seed", "$.space.kind"]);
        using (var response = await api.Ada.PostAsync("/v1/sweeps", new StringContent("{}")))
            await response.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "not-json");
        using (var response = await api.Ada.PostAsync("/v1/sweeps", Answers.Json("{\"title\": \"" + new string('x', 8 << 20) + "\"}")))
            await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        (await api.Database.Scalar<long>("SELECT count(*) FROM sweep")).ShouldBe(before);
    }

    [PostgresFact]
    public async Task A_file_that_was_not_uploaded_is_named_by_its_place_in_the_base()
    {
        var sweep = JsonNode.Parse(SmallSweep.Unique(0.5))!;
        sweep["base"]!["models"]!["cni"]!["weights"] = new JsonObject { ["kind"] = "import", ["sha256"] = new string('a', 64), ["rename"] = new JsonArray(), ["skip"] = new JsonArray() };
        sweep["base"]!["figures"] = new JsonArray();
        using var response = await api.Ada.PostAsync("/v1/sweeps", Answers.Json(sweep.ToJsonString()));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]!.AsArray().ShouldHaveSingleItem()!["path"]!.GetValue<string>().ShouldBe("$.base.models.cni.weights.sha256");
    }

    [PostgresFact]
    public async Task The_table_shows_parameters_beside_results_in_every_form()
    {
        var id = IdOf(await Submit(SmallSweep.Unique(0.25, 0.5)));
        var empty = (await api.Ada.GetJson($"/v1/sweeps/{id}/table.json"))!;
        empty["rows"]!.AsArray().ShouldAllBe(row => row!["results"]!.AsArray().All(result => result == null));
        (await api.Ada.GetStringAsync($"/v1/sweeps/{id}/table.txt")).ShouldContain("nothing measured yet");

        await new StandInWorker(api).FinishAll();
        var table = (await api.Ada.GetJson($"/v1/sweeps/{id}/table.json"))!;
        table["axes"]!.AsArray().Select(axis => axis!.GetValue<string>()).ShouldBe(["weight"]);
        var columns = table["columns"]!.AsArray().Select(column => column!.GetValue<string>()).ToList();
        foreach (var row in table["rows"]!.AsArray())
        {
            row!["state"]!.GetValue<string>().ShouldBe("succeeded");
            // The sweep's cell is the experiment's own number.
            var report = (await api.Ada.GetJson($"/v1/experiments/{row["experiment"]}/report.json"))!["records"]!.AsArray().ToDictionary(record => record!["id"]!.GetValue<string>());
            for (var c = 0; c < columns.Count; c++)
            {
                JsonNode.DeepEquals(row["results"]![c]!["fingerprint"], report[columns[c]]!["fingerprint"]).ShouldBeTrue();
                JsonNode.DeepEquals(row["results"]![c], report[columns[c]]).ShouldBeTrue(columns[c]);
            }
        }
        var csv = (await api.Ada.GetStringAsync($"/v1/sweeps/{id}/table.csv?sort={Uri.EscapeDataString(columns[^1])}")).Split("\r\n");
        csv[0].ShouldStartWith($"point,weight,state,experiment,{columns[0]},{columns[0]} lower95,");
        csv.Length.ShouldBe(4);
        (await api.Ada.GetStringAsync($"/v1/sweeps/{id}/table.md")).ShouldContain($"| Point | weight | {columns[0]} |");
        using (var response = await api.Ada.GetAsync($"/v1/sweeps/{id}/table.json?sort=colour"))
            (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain($"there are {columns[0]}");
        using (var response = await api.Ada.GetAsync($"/v1/sweeps/{id}/table.docx"))
            await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [PostgresFact]
    public async Task Another_owners_sweep_does_not_exist_and_a_reader_changes_nothing()
    {
        var id = IdOf(await Submit(SmallSweep.Unique(0.5)));
        foreach (var address in new[] { $"/v1/sweeps/{id}", $"/v1/sweeps/{id}/points", $"/v1/sweeps/{id}/table.json", $"/v1/events?topics=sweep:{id}" })
            using (var response = await api.Bob.GetAsync(address))
                await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        foreach (var verb in new[] { "cancel", "retry" })
        {
            using (var response = await api.Bob.PostAsync($"/v1/sweeps/{id}/{verb}", null)) await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
            using (var response = await api.AdaReads.PostAsync($"/v1/sweeps/{id}/{verb}", null)) await response.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small");
        }
        (await api.AdaReads.GetJson($"/v1/sweeps/{id}"))!["sweep"]!["state"]!.GetValue<string>().ShouldBe("queued");
    }

    [PostgresFact]
    public async Task Cancelled_as_one_and_retried_it_goes_on()
    {
        var id = IdOf(await Submit(SmallSweep.Unique(0.25, 0.5)));
        using (var response = await api.Ada.PostAsync($"/v1/sweeps/{id}/cancel", null))
            (await response.Body())!["experiments"]!.GetValue<int>().ShouldBe(2);
        (await api.Ada.GetJson($"/v1/sweeps/{id}"))!["sweep"]!["state"]!.GetValue<string>().ShouldBe("cancelled");
        using (var response = await api.Ada.PostAsync($"/v1/sweeps/{id}/retry", null))
            (await response.Body())!["made"]!.GetValue<int>().ShouldBe(2);
        await new StandInWorker(api).FinishAll();
        (await api.Ada.GetJson($"/v1/sweeps/{id}"))!["sweep"]!["state"]!.GetValue<string>().ShouldBe("succeeded");
    }

    [PostgresFact]
    public async Task A_stream_tells_of_a_sweep_as_a_whole_until_it_has_ended()
    {
        var id = IdOf(await Submit(SmallSweep.Unique(0.25, 0.5)));
        static string State(Heard message) => message.Content["state"]!.GetValue<string>();
        var heard = await api.Ada.Listen($"sweep:{id}", m => m.Kind == "sweep" && State(m) == "succeeded", meanwhile: () => new StandInWorker(api).FinishAll());
        heard[^1].Content["points"]!["succeeded"]!.GetValue<int>().ShouldBe(2);
        heard.Where(m => m.Kind != "ping").ShouldAllBe(m => m.Kind == "sweep");
        (await api.Ada.Listen($"sweep:{id}", m => m.Kind == "sweep", heard[^1].Id)).Last(m => m.Kind == "sweep").Content["id"]!.GetValue<Guid>().ShouldBe(id);
    }

    [PostgresFact]
    public async Task A_halving_is_led_to_its_end_by_the_service_itself()
    {
        var sweep = JsonNode.Parse(SmallSweep.Unique(0.25, 0.5, 0.75, 1))!;
        sweep["halving"] = JsonNode.Parse("""{ "paths": ["models.student.weights.epochs"], "rungs": [2, 4], "eta": 2, "by": { "kind": "metric", "model": "student", "series": "monitor/clean" }, "goal": "maximize" }""");
        var id = IdOf(await Submit(sweep.ToJsonString()));
        using var ended = new CancellationTokenSource();
        var working = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await new StandInWorker(api).FinishAll();
                await api.Ada.Listen($"sweep:{id}", m => m.Kind is "sweep" or "ping"); // Until something may have changed.
            }
        });
        var heard = await api.Ada.Listen($"sweep:{id}", m => m.Kind == "sweep" && m.Content["state"]!.GetValue<string>() == "succeeded");
        await ended.CancelAsync();
        await working;
        heard[^1].Content["rungs"]!.AsArray().Select(rung => rung!["points"]!["succeeded"]!.GetValue<int>()).ShouldBe([4, 2]);
        var table = (await api.Ada.GetJson($"/v1/sweeps/{id}/table.json"))!;
        table["rows"]!.AsArray().Select(row => row!["epochs"]!.GetValue<int>()).ShouldBe([4, 4, 2, 2]);
        table["rows"]![0]!["score"]!.GetValue<double>().ShouldBe(0.4, 1e-9);
    }
}
