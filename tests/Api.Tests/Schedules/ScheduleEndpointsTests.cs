using System.Net;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Schedules;

public sealed class ScheduleEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task A_schedule_is_made_shown_paused_resumed_and_deleted_by_its_owner()
    {
        using var made = await api.Ada.PostAsync("/v1/schedules", Body("yearly", "0 3 1 1 *", zone: "Europe/Berlin", missed: "skip"));
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var schedule = (await made.Body())!;
        var address = made.Headers.Location!.OriginalString;
        schedule["next"]!.GetValue<DateTimeOffset>().ShouldSatisfyAllConditions(next => next.Month.ShouldBe(1), next => next.Hour.ShouldBe(2));
        schedule["missed"]!.GetValue<string>().ShouldBe("skip");

        (await api.Bob.GetAsync(address)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await api.Bob.DeleteAsync(address)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await api.AdaReads.PostAsync($"{address}/pause", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await api.Ada.PostAsync($"{address}/pause", null)).Body())!["next"].ShouldBeNull();
        (await api.Ada.GetJson("/v1/schedules"))!.AsArray().Single(one => one!["name"]!.GetValue<string>() == "yearly")!["enabled"]!.GetValue<bool>().ShouldBeFalse();
        (await (await api.Ada.PostAsync($"{address}/resume", null)).Body())!["next"].ShouldNotBeNull();
        (await api.Ada.GetJson(address))!["firings"]!.AsArray().ShouldBeEmpty();

        using (var again = await api.Ada.PostAsync("/v1/schedules", Body("yearly", "0 3 1 1 *")))
            await again.ShouldBeProblem(HttpStatusCode.Conflict, "schedule-exists");
        (await api.Ada.DeleteAsync(address)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await api.Ada.GetAsync(address)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [PostgresFact]
    public async Task A_schedule_that_comes_due_submits_its_experiment_and_says_so()
    {
        using var made = await api.Ada.PostAsync("/v1/schedules", Body("each-second", "* * * * * ?"));
        var address = made.Headers.Location!.OriginalString;
        JsonNode? last = null;
        for (var begun = System.Diagnostics.Stopwatch.GetTimestamp(); last is null; await Task.Delay(50))
        {
            System.Diagnostics.Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(60));
            last = (await api.Ada.GetJson(address))!["schedule"]!["last"];
        }
        await api.Ada.PostAsync($"{address}/pause", null);
        var experiment = (await api.Ada.GetJson($"/v1/experiments/{last["experimentId"]}"))!["experiment"]!;
        experiment["owner"]!.GetValue<string>().ShouldBe("ada");
        (DateTimeOffset.UnixEpoch.AddYears(50) + TimeSpan.FromSeconds(experiment["runNumber"]!.GetValue<int>())).ShouldBe(last["dueAt"]!.GetValue<DateTimeOffset>());
    }

    [PostgresFact]
    public async Task Everything_wrong_with_a_schedule_is_said_at_once()
    {
        var spec = JsonNode.Parse(SmallSpec.Text)!;
        spec["seed"] = "seven";
        using var refused = await api.Ada.PostAsync("/v1/schedules", Answers.Json(new JsonObject { ["name"] = "Night ly", ["cron"] = "soon", ["missed"] = "twice", ["zone"] = "UTC", ["spec"] = spec }.ToJsonString()));
        var problem = await refused.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
        problem["errors"]!.AsArray().Select(error => error!["path"]!.GetValue<string>()).ShouldBe(["$.zone", "$.name", "$.cron", "$.missed", "$.spec.seed"], ignoreOrder: true);
        using var zone = await api.Ada.PostAsync("/v1/schedules", Body("mars", "0 3 * * *", zone: "Mars/Olympus"));
        (await zone.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid"))["errors"]![0]!["path"]!.GetValue<string>().ShouldBe("$.timeZone");
        using var nothing = await api.Ada.PostAsync("/v1/schedules", Answers.Json("[]"));
        await nothing.ShouldBeProblem(HttpStatusCode.BadRequest, "spec-invalid");
        (await api.Admin.GetJson("/v1/schedules"))!.AsArray().ShouldNotContain(one => one!["name"]!.GetValue<string>() == "mars");
    }

    [PostgresFact]
    public async Task Retention_is_run_by_admins_and_what_it_did_is_listed()
    {
        (await api.Ada.PostAsync("/v1/chores/retention", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var run = await api.Admin.PostAsync("/v1/chores/retention?dryRun=true", null);
        (await run.Body())!["jobsThinned"]!.GetValue<int>().ShouldBe(0);
        var listed = (await api.Admin.GetJson("/v1/chores?chore=retention&limit=1"))!.AsArray().ShouldHaveSingleItem()!;
        (listed["dryRun"]!.GetValue<bool>(), listed["error"]).ShouldBe((true, null));
        listed["report"]!["metricsRemoved"]!.GetValue<long>().ShouldBe(0);
        (await api.Admin.GetAsync("/v1/chores?limit=0")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    static StringContent Body(string name, string cron, string? zone = null, string? missed = null) =>
        Answers.Json(new JsonObject { ["name"] = name, ["cron"] = cron, ["timeZone"] = zone, ["missed"] = missed, ["spec"] = JsonNode.Parse(SmallSpec.Unique()) }.ToJsonString());
}
