using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Description;
using KdRobust.Api.Tests.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Access;

/// <summary>What is Ada's, Bob neither sees nor changes: on every operation of the document, with her ids, her names and her files' hashes in his hands.</summary>
public sealed class VisibilityTests(RunningApi api) : IClassFixture<RunningApi>
{
    const string Mark = "adasecret";

    /// <summary>Whatever would show that something of Ada's is there.</summary>
    static readonly List<string> Marks = [];

    static readonly Dictionary<string, string> Hers = new(StringComparer.Ordinal);

    [PostgresFact]
    public async Task Nothing_of_anothers_is_shown_by_any_operation_nor_changed_by_it()
    {
        await Arrange();
        using var carol = api.Client(await api.Key(Mark + "-owner", ApiKeyRole.Submitter));
        var before = await Rows();
        var wrong = new List<string>();
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.Role is "reader" or "submitter" && operation.Id != "events"))
            foreach (var hint in new[] { true, false })
            {
                string? Value(string name, JsonNode? example) => name switch
                {
                    // With and without what restricts a list.
                    "owner" or "state" or "kind" or "device" or "createdAfter" or "createdBefore" or "cursor" or "sort" or "limit" or "from" => null,
                    "name" when operation.Id is "listExperiments" or "listSweeps" or "cancelExperiments" => hint ? Mark : null,
                    "contains" => hint ? Mark : null, "worker" => hint ? "adas-worker" : null, "experiment" => hint ? Hers[ExampleRequests.Experiment] : null, "expect" => "0",
                    _ => example?.ToString() is { } text ? Hers.GetValueOrDefault(text, text) : null,
                };
                using var body = operation.Body is { } json ? Answers.Json(json.ToJsonString()) : operation.BodyType is null ? null : new ByteArrayContent(Guid.NewGuid().ToByteArray()) { Headers = { ContentType = new(operation.BodyType) } };
                using var request = operation.Request(Value, body);
                using var response = await api.Bob.SendAsync(request);
                // His own words may come back to him.
                var shown = await response.Content.ReadAsStringAsync() + response.Headers + response.Content.Headers;
                var said = Uri.UnescapeDataString(request.RequestUri!.OriginalString);
                foreach (var mark in Marks.Where(mark => !said.Contains(mark, StringComparison.OrdinalIgnoreCase) && shown.Contains(mark, StringComparison.OrdinalIgnoreCase)))
                    wrong.Add($"{operation.Id} shows {mark}: {shown[Math.Max(0, shown.IndexOf(mark, StringComparison.OrdinalIgnoreCase) - 80)..][..Math.Min(160, shown.Length - Math.Max(0, shown.IndexOf(mark, StringComparison.OrdinalIgnoreCase) - 80))]}");
                if ((operation.Path.Contains("{id}", StringComparison.Ordinal) || operation.Path.Contains("{sha256}", StringComparison.Ordinal)) && response.StatusCode != HttpStatusCode.NotFound)
                    wrong.Add($"{operation.Id} of hers is {(int)response.StatusCode}: {shown}");
            }
        wrong.ShouldBeEmpty();
        (await Rows()).ShouldBe(before, "Bob changed something of hers");
        foreach (var mark in Marks) (await Everything(carol)).ShouldContain(mark, Case.Insensitive, "the marks are what she herself is shown");
    }

    [PostgresFact]
    public async Task Another_owners_name_in_a_filter_is_refused_rather_than_passed_over()
    {
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.Role is "reader" or "submitter" && !operation.Path.Contains("{", StringComparison.Ordinal) && operation.Parameters.Any(parameter => parameter.Name == "owner")))
        {
            using var request = operation.Request((name, _) => name == "owner" ? "ada" : name == "expect" ? "0" : name == "priority" ? "1" : null, null);
            using var response = await api.Bob.SendAsync(request);
            (await response.ShouldBeProblem(HttpStatusCode.Forbidden, "role-too-small"))["detail"]!.GetValue<string>().ShouldContain("this key sees only the things of bob", customMessage: operation.Id);
        }
    }

    [PostgresFact]
    public async Task A_stream_of_anothers_is_404_and_the_overview_hears_nothing_of_hers()
    {
        var detail = await api.Ada.Submit(SmallSpec.Unique());
        var (experiment, job) = (Answers.IdOf(detail), detail["jobs"]![0]!["job"]!["id"]!.GetValue<string>());
        var own = await api.Bob.SubmitSample();
        foreach (var topics in new[] { $"experiment:{experiment}", $"job:{job}", $"experiment:{own},job:{job}" })
        {
            using var response = await api.Bob.GetAsync($"/v1/events?topics={topics}");
            await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        }
        Guid? next = null;
        var heard = await api.Bob.Listen("overview", m => m.Kind == "overview" && next is { } id && m.Content.ToJsonString().Contains(id.ToString(), StringComparison.Ordinal), meanwhile: async () =>
        {
            await api.Ada.SubmitSample();
            next = await api.Bob.SubmitSample();
        });
        string.Concat(heard.Select(message => message.Content.ToJsonString())).ShouldNotContain(experiment.ToString());
    }

    [PostgresFact]
    public async Task The_same_spec_file_key_and_name_of_two_owners_know_nothing_of_each_other()
    {
        var spec = SmallSpec.Unique();
        var hers = await api.Ada.Submit(spec);
        using var plan = await api.Bob.PostAsync("/v1/plan", Answers.Json(spec));
        (await plan.Body())!["jobs"]!.AsArray().ShouldAllBe(job => job!["reused"] == null);
        using var once = new HttpRequestMessage(HttpMethod.Post, "/v1/experiments") { Content = Answers.Json(spec), Headers = { { "Idempotency-Key", "the-same" } } };
        using var first = await api.Ada.SendAsync(once);
        using var again = new HttpRequestMessage(HttpMethod.Post, "/v1/experiments") { Content = Answers.Json(spec), Headers = { { "Idempotency-Key", "the-same" } } };
        using var second = await api.Bob.SendAsync(again);
        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        second.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        var his = (await second.Body())!;
        Answers.IdOf(his).ShouldNotBe(Answers.IdOf(hers));
        his["jobs"]!.AsArray().Select(job => job!["job"]!["id"]!.GetValue<string>()).Intersect(hers["jobs"]!.AsArray().Select(job => job!["job"]!["id"]!.GetValue<string>())).ShouldBeEmpty();

        var file = RandomNumberGenerator.GetBytes(64);
        using (await api.Ada.Upload(file, "hers")) { }
        using var uploaded = await api.Bob.Upload(file, "his");
        uploaded.StatusCode.ShouldBe(HttpStatusCode.Created, "that she has it already is not told");
        (await uploaded.Body())!["name"]!.GetValue<string>().ShouldBe("his");
        foreach (var client in new[] { api.Ada, api.Bob })
        {
            using var schedule = await client.PostAsync("/v1/schedules", Answers.Json($$"""{ "name": "both", "cron": "0 3 1 1 *", "spec": {{spec}} }"""));
            schedule.StatusCode.ShouldBe(HttpStatusCode.Created);
        }
    }

    // One of everything an owner can have, each with a name that nobody else has.
    async Task Arrange()
    {
        if (Hers.Count > 0) return;
        using var ada = api.Client(await api.Key(Mark + "-owner", ApiKeyRole.Submitter));
        string Marked(string json) => json.Replace("\"cni\"", $"\"{Mark}model\"", StringComparison.Ordinal);
        var spec = JsonNode.Parse(Marked(SmallSpec.Unique()))!;
        (spec["name"], spec["title"]) = (Mark, Mark + " title");
        var detail = await ada.Submit(spec.ToJsonString());
        var offer = new Domain.Jobs.WorkerOffer("adas-worker", 8, Domain.Experiments.DeviceKind.Cpu);
        await new WorkerStore(api.Database.DataSource).Register(new("adas-worker", "host", 4711, "cpu", 8, "0.1.0", null));
        var its = detail["jobs"]!.AsArray().Select(one => one!["job"]!["id"]!.GetValue<Guid>()).ToHashSet();
        ClaimedJob job;
        // Those of other tests stay with this worker, which does nothing.
        do job = (await api.Jobs.TryClaimNext(offer))!;
        while (!its.Contains(job.Lease.JobId));
        await api.Jobs.RecordProgress(job.Lease, new JobProgress(Mark + "phase", 1, 4, "epoch", 2.1, 0.3, 100, 60));
        var checkpoint = await new StandInWorker(api).Store(job, OutputNames.Weights, [1, 2, 3]);
        using var model = await ada.Upload(RandomNumberGenerator.GetBytes(50), Mark + ".pt");
        var sweepText = JsonNode.Parse(Marked(SmallSweep.Unique(0.5, 0.75)))!;
        (sweepText["name"], sweepText["title"]) = (Mark, Mark + " sweep");
        using var sweep = await ada.PostAsync("/v1/sweeps", Answers.Json(sweepText.ToJsonString()));
        using var schedule = await ada.PostAsync("/v1/schedules", Answers.Json($$"""{ "name": "{{Mark}}", "cron": "0 3 1 1 *", "spec": {{spec.ToJsonString()}} }"""));
        await new Persistence.Jobs.QuotaStore(api.Database.DataSource).Set(Mark + "-owner", Domain.Experiments.DeviceKind.Cpu, 4, "admin");
        Hers[ExampleRequests.Experiment] = Answers.IdOf(detail).ToString();
        Hers[ExampleRequests.Job] = job.Lease.JobId.ToString();
        Hers[ExampleRequests.Checkpoint] = checkpoint.Id.ToString();
        Hers[ExampleRequests.Model] = (await model.Body())!["sha256"]!.GetValue<string>();
        Hers[ExampleRequests.Sweep] = (await sweep.Body())!["sweep"]!["id"]!.GetValue<string>();
        Hers[ExampleRequests.Schedule] = (await schedule.Body())!["id"]!.GetValue<string>();
        Hers[ExampleRequests.Key] = (await ada.GetJson("/v1/keys/current"))!["id"]!.GetValue<string>();
        Marks.AddRange([Mark, .. Hers.Values]);
    }

    // What her own key is shown, all together.
    static async Task<string> Everything(HttpClient ada)
    {
        var all = "";
        foreach (var address in new[]
        {
            "/v1/experiments", $"/v1/experiments/{Hers[ExampleRequests.Experiment]}", "/v1/jobs", $"/v1/jobs/{Hers[ExampleRequests.Job]}", "/v1/models", "/v1/sweeps", "/v1/schedules", "/v1/workers", "/v1/keys", "/v1/overview",
        })
            all += await ada.GetStringAsync(address);
        return all;
    }

    // All rows that are hers, as one number.
    async Task<string> Rows()
    {
        var all = "";
        foreach (var table in new[] { "experiment", "job", "model_file", "sweep", "schedule", "quota" })
            all += await api.Database.Scalar<string>($"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') || count(*) || ' ' FROM {table} t WHERE owner = '{Mark}-owner'");
        all += await api.Database.Scalar<string>($"SELECT coalesce(string_agg(id::text || coalesce(revoked_at::text, '') || coalesce(expires_at::text, ''), '|' ORDER BY id), '') FROM api_key WHERE owner = '{Mark}-owner' AND id = '{Hers[ExampleRequests.Key]}'");
        return all;
    }
}
