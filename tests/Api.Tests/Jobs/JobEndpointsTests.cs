using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Jobs;

public sealed class JobEndpointsTests(RunningApi api) : IClassFixture<RunningApi>
{
    async Task<ClaimedJob> RunningJob()
    {
        await api.Ada.SubmitSample();
        while (await new StandInWorker(api).Claim() is var job)
            if (job.Payload is TrainPayload) return job;
        throw new InvalidOperationException("no training");
    }

    [PostgresFact]
    public async Task A_job_shows_its_history_and_what_it_stored()
    {
        var job = await RunningJob();
        var stored = await new StandInWorker(api).Store(job, OutputNames.Weights, [1, 2, 3]);
        var detail = (await api.Ada.GetJson($"/v1/jobs/{job.Lease.JobId}"))!;
        detail["job"]!["state"]!.GetValue<string>().ShouldBe("running");
        detail["job"]!["worker"]!.GetValue<string>().ShouldBe("stand-in");
        detail["events"]!.AsArray().Select(e => e!["to"]!.GetValue<string>()).ShouldBe(["queued", "running"]);
        detail["checkpoints"]!.AsArray().Single()!["id"]!.GetValue<Guid>().ShouldBe(stored.Id);
        detail["experiments"]!.AsArray().Count.ShouldBe(1);
        detail["waiting"].ShouldBeNull();
        var others = (await api.Ada.GetJson($"/v1/jobs?experiment={detail["experiments"]![0]}&state=blocked"))!["items"]![0]!["id"];
        (await api.Ada.GetJson($"/v1/jobs/{others}"))!["waiting"]!.GetValue<string>().ShouldContain("it waits for '");
    }

    [PostgresFact]
    public async Task What_does_not_exist_or_is_anothers_is_not_found()
    {
        var job = (await RunningJob()).Lease.JobId;
        foreach (var (client, id) in new[] { (api.Ada, Guid.NewGuid()), (api.Bob, job) })
        {
            foreach (var address in new[] { $"/v1/jobs/{id}", $"/v1/jobs/{id}/metrics", $"/v1/events?topics=job:{id}" })
                using (var response = await client.GetAsync(address)) await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
            using (var response = await client.PostAsync($"/v1/jobs/{id}/cancel", null)) await response.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        }
    }

    [PostgresFact]
    public async Task Cancelling_a_running_job_asks_its_worker()
    {
        var job = await RunningJob();
        using var response = await api.Ada.PostAsync($"/v1/jobs/{job.Lease.JobId}/cancel", null);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Body())!["outcome"]!.GetValue<string>().ShouldBe("requested");
        (await api.Jobs.Heartbeat(job.Lease)).ShouldBe(HeartbeatReply.Cancel);
    }

    [PostgresFact]
    public async Task Cancelling_a_shared_job_needs_a_confirmation_that_names_the_others()
    {
        var spec = SmallSpec.Unique();
        var first = await api.Ada.Submit(spec);
        var other = JsonNode.Parse(spec)!;
        other["name"] = "other";
        await api.Ada.Submit(other.ToJsonString());
        var job = first["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();

        using (var response = await api.Ada.PostAsync($"/v1/jobs/{job}/cancel", null))
            (await response.ShouldBeProblem(HttpStatusCode.Conflict, "job-shared"))["experiments"]!.AsArray().Select(e => e!["name"]!.GetValue<string>()).ShouldBe(["small", "other"]);
        using (var response = await api.Ada.PostAsync($"/v1/jobs/{job}/cancel?evenIfShared=true", null))
            (await response.Body())!["outcome"]!.GetValue<string>().ShouldBe("cancelled");
    }

    [PostgresFact]
    public async Task Metrics_come_in_pages_each_once_and_in_order()
    {
        var job = await RunningJob();
        await api.Metrics.Append(job.Lease, [.. Enumerable.Range(0, 7).Select(i => new MetricPoint(i, "train/loss", i, i, 2.5 - i))]);
        var steps = new List<long>();
        var address = $"/v1/jobs/{job.Lease.JobId}/metrics?limit=3";
        while (true)
        {
            var page = (await api.Ada.GetJson(address))!;
            steps.AddRange(page["items"]!.AsArray().Select(m => m!["step"]!.GetValue<long>()));
            if (page["next"] is not { } next) break;
            address = $"/v1/jobs/{job.Lease.JobId}/metrics?limit=3&cursor={next}";
        }
        steps.ShouldBe(Enumerable.Range(0, 7).Select(i => (long)i));
    }

    [PostgresTheory]
    [InlineData("?format=csv", null)]
    [InlineData("", "text/csv")]
    public async Task Metrics_are_csv_when_asked_for(string query, string? accept)
    {
        var job = await RunningJob();
        await api.Metrics.Append(job.Lease, [new MetricPoint(0, "train/loss", 1, 40, 0.1 + 0.2)]);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job.Lease.JobId}/metrics{query}");
        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
        using var response = await api.Ada.SendAsync(request);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");
        lines[0].ShouldBe("id,attempt,series,epoch,step,value");
        lines[1].ShouldEndWith(",1,train/loss,1,40,0.30000000000000004");
    }

    [PostgresTheory]
    [InlineData("format=xml")]
    [InlineData("limit=10001")]
    [InlineData("cursor=x")]
    public async Task Wrong_questions_about_metrics_are_refused(string query)
    {
        var job = await RunningJob();
        using var response = await api.Ada.GetAsync($"/v1/jobs/{job.Lease.JobId}/metrics?{query}");
        await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request");
    }

    [PostgresFact]
    public async Task A_checkpoint_comes_back_byte_for_byte()
    {
        var job = await RunningJob();
        var content = RandomNumberGenerator.GetBytes(5_000_001); // Three chunks, the last one odd.
        var stored = await new StandInWorker(api).Store(job, OutputNames.Weights, content);
        using var response = await api.Ada.GetAsync($"/v1/checkpoints/{stored.Id}/content");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength.ShouldBe(content.Length);
        response.Headers.ETag!.Tag.ShouldBe($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"");
        response.Content.Headers.ContentDisposition!.FileName.ShouldBe("train-cni-weights.safetensors");
        (await response.Content.ReadAsByteArrayAsync()).ShouldBe(content);

        using var other = await api.Bob.GetAsync($"/v1/checkpoints/{stored.Id}/content");
        await other.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [PostgresTheory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=2097150-2097155", 2_097_150, 6)]
    [InlineData("bytes=4999990-", 4_999_990, 11)]
    [InlineData("bytes=-5", 4_999_996, 5)]
    [InlineData("bytes=100-99999999", 100, 4_999_901)]
    public async Task A_part_of_a_checkpoint_is_sent_when_asked_for(string range, int from, int count)
    {
        var job = await RunningJob();
        var content = RandomNumberGenerator.GetBytes(5_000_001);
        var stored = await new StandInWorker(api).Store(job, OutputNames.Weights, content);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/checkpoints/{stored.Id}/content");
        request.Headers.Add("Range", range);
        using var response = await api.Ada.SendAsync(request);
        response.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        response.Content.Headers.ContentRange!.ToString().ShouldBe($"bytes {from}-{from + count - 1}/5000001");
        (await response.Content.ReadAsByteArrayAsync()).ShouldBe(content[from..(from + count)]);
    }

    [PostgresFact]
    public async Task A_part_that_is_not_there_is_416_one_of_other_bytes_the_whole_and_known_bytes_304()
    {
        var job = await RunningJob();
        var content = RandomNumberGenerator.GetBytes(1000);
        var stored = await new StandInWorker(api).Store(job, OutputNames.Weights, content);
        async Task<HttpResponseMessage> Get(params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/checkpoints/{stored.Id}/content");
            foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            return await api.Ada.SendAsync(request);
        }
        using (var beyond = await Get(("Range", "bytes=1000-")))
        {
            await beyond.ShouldBeProblem(HttpStatusCode.RequestedRangeNotSatisfiable, "range-not-satisfiable");
            beyond.Content.Headers.ContentRange!.ToString().ShouldBe("bytes */1000");
        }
        using (var other = await Get(("Range", "bytes=5-9"), ("If-Range", "\"another\""))) (await other.Content.ReadAsByteArrayAsync()).ShouldBe(content);
        using (var several = await Get(("Range", "bytes=5-9,20-29"))) (await several.Content.ReadAsByteArrayAsync()).ShouldBe(content);
        using var known = await Get(("If-None-Match", $"\"{stored.Sha256}\""));
        known.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [PostgresFact]
    public async Task A_damaged_checkpoint_never_looks_whole()
    {
        var job = await RunningJob();
        var stored = await new StandInWorker(api).Store(job, OutputNames.Weights, RandomNumberGenerator.GetBytes(3_000_000));
        await api.Database.Execute($"UPDATE chunk SET content = set_byte(content, 7, (get_byte(content, 7) + 1) % 256) WHERE sha256 = (SELECT sha256 FROM checkpoint_chunk WHERE checkpoint_id = '{stored.Id}' AND ordinal = 1)");
        await Should.ThrowAsync<HttpRequestException>(() => api.Ada.GetByteArrayAsync($"/v1/checkpoints/{stored.Id}/content"));
        (await api.Checkpoints.OfJob(job.Lease.JobId)).ShouldBeEmpty("it is out of use");
    }

    [PostgresFact]
    public async Task Workers_are_listed()
    {
        await new Persistence.Workers.WorkerStore(api.Database.DataSource).Register(new("worker-9", "host", 1234, "cpu", 2, "0.1.0", null));
        var worker = (await api.AdaReads.GetJson("/v1/workers"))!.AsArray().Single()!;
        worker["info"]!["name"]!.GetValue<string>().ShouldBe("worker-9");
        worker["alive"]!.GetValue<bool>().ShouldBeTrue();
    }
}
