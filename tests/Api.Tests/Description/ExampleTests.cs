using System.Net;
using System.Security.Cryptography;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Description;

/// <summary>The document's examples are sent as they stand, their ids replaced by those of things that are there; the answers are what the document says.</summary>
public sealed class ExampleTests(RunningApi api) : IClassFixture<RunningApi>
{
    // Undescribed bodies: bytes, drawings, texts and streams.
    static readonly string[] NotJson = ["report", "figure", "events", "checkpointContent", "modelContent", "healthz", "readyz"];

    [PostgresFact]
    public async Task Every_request_and_every_answer_has_an_example_that_fits_its_schema()
    {
        var described = await DescribedApi.Read(api);
        var check = new SchemaCheck(described.Document);
        var wrong = new List<string>();
        foreach (var operation in described.Operations)
        {
            foreach (var (name, _, example) in operation.Parameters)
                if (example is null) wrong.Add($"{operation.Id}: parameter {name} has no example");
            if (operation.BodyType == "application/json")
            {
                if (operation.Body is null) wrong.Add($"{operation.Id}: the body has no example");
                else wrong.AddRange(check.Problems(operation.Body, operation.Description["requestBody"]!["content"]!["application/json"]!["schema"]!).Select(problem => $"{operation.Id} body: {problem}"));
            }
            foreach (var (status, answer) in operation.Answers)
                foreach (var (type, content) in answer["content"]?.AsObject() ?? [])
                {
                    if (!type.Contains("json", StringComparison.Ordinal)) continue;
                    if (content!["example"] is not { } example) wrong.Add($"{operation.Id}: {status} {type} has no example");
                    else wrong.AddRange(check.Problems(example, content["schema"]!).Select(problem => $"{operation.Id} {status}: {problem}"));
                }
            if (!NotJson.Contains(operation.Id) && !operation.Answers.Any(answer => answer.Status is >= 200 and < 300)) wrong.Add($"{operation.Id}: no answer is described");
        }
        wrong.ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Every_example_is_answered_as_described()
    {
        var described = await DescribedApi.Read(api);
        var check = new SchemaCheck(described.Document);
        var wrong = new List<string>();
        foreach (var operation in described.Operations)
        {
            var things = await Things.Make(api, operation.Id);
            using var body = Body(operation);
            using var request = operation.Request((_, example) => things.InPlaceOf(example?.ToString()), body);
            using var response = await api.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var status = (int)response.StatusCode;
            if (status is < 200 or >= 300) wrong.Add($"{operation.Id}: {request.RequestUri} is {status}: {await response.Content.ReadAsStringAsync()}");
            else if (operation.Answers.FirstOrDefault(answer => answer.Status == status).Answer is not { } answer) wrong.Add($"{operation.Id}: {status} is not described");
            else if (answer["content"]?["application/json"] is { } content)
                wrong.AddRange(check.Problems(await response.Body(), content["schema"]!).Select(problem => $"{operation.Id} {status}: {problem}"));
        }
        wrong.ShouldBeEmpty();
    }

    static HttpContent? Body(Operation operation)
    {
        if (operation.Body is { } json) return Answers.Json(json.ToJsonString());
        if (operation.BodyType != "application/octet-stream") return null;
        var bytes = new ByteArrayContent(RandomNumberGenerator.GetBytes(64));
        bytes.Headers.ContentType = new("application/octet-stream");
        return bytes;
    }

    /// <summary>What an example's ids stand for, made afresh for each operation and in the state it asks for.</summary>
    sealed class Things(Dictionary<string, string> byExample)
    {
        public static async Task<Things> Make(RunningApi api, string operation)
        {
            var detail = await api.Admin.Submit(SmallSpec.Unique());
            var (experiment, job) = (Answers.IdOf(detail), detail["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>());
            var ids = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [ExampleRequests.Experiment] = experiment.ToString(), [ExampleRequests.Job] = job.ToString(),
                [$"experiment:{ExampleRequests.Experiment}"] = $"experiment:{experiment}",
            };
            switch (operation)
            {
                case "resumeJob": await Post(api, $"/v1/jobs/{job}/pause"); break;
                case "retryJob": await Post(api, $"/v1/jobs/{job}/cancel"); break;
                case "resumeExperiment": await Post(api, $"/v1/experiments/{experiment}/pause"); break;
                case "retryExperiment": await Post(api, $"/v1/experiments/{experiment}/cancel"); break;
                case "checkpointContent":
                    var worker = new StandInWorker(api);
                    ids[ExampleRequests.Checkpoint] = (await worker.Store(await worker.Claim(), OutputNames.Weights, [1, 2, 3])).Id.ToString();
                    break;
                case "showModel" or "modelContent" or "deleteModel":
                    using (var uploaded = await api.Ada.Upload(RandomNumberGenerator.GetBytes(50), "x")) ids[ExampleRequests.Model] = (await uploaded.Body())!["sha256"]!.GetValue<string>();
                    break;
                case "rotateKey" or "revokeKey":
                    ids[ExampleRequests.Key] = (await new ApiKeyStore(api.Database.DataSource).Create("ada", ApiKeyRole.Reader, "x", null)).View.Id.ToString();
                    break;
                case "drainWorker" or "undrainWorker" or "liftQuarantine":
                    await new WorkerStore(api.Database.DataSource).Register(new("worker-1", "host", 4711, "cpu", 2, "0.1.0", null));
                    for (var i = 0; i < DeviceStore.MostErrors; i++) await new DeviceStore(api.Database.DataSource).RecordError(new DeviceName("host", "cuda:0"), "an illegal memory access");
                    break;
                case "showSweep" or "sweepPoints" or "sweepTable" or "cancelSweep" or "retrySweep":
                    ids[ExampleRequests.Sweep] = await Made(api, "/v1/sweeps", SmallSweep.Unique(0.5, 0.75), "sweep");
                    if (operation == "sweepTable") ids["clean"] = "student-clean";
                    break;
                case "showSchedule" or "pauseSchedule" or "resumeSchedule" or "removeSchedule":
                    var body = $$"""{ "name": "{{Guid.NewGuid():N}}", "cron": "0 3 * * *", "spec": {{SmallSpec.Unique()}} }""";
                    ids[ExampleRequests.Schedule] = await Made(api, "/v1/schedules", body, null);
                    break;
                case "removeQuota": await new Persistence.Jobs.QuotaStore(api.Database.DataSource).Set("ada", Domain.Experiments.DeviceKind.Cpu, 4, "admin"); break;
            }
            return new Things(ids);
        }

        public string? InPlaceOf(string? example) => example is null ? null : byExample.GetValueOrDefault(example, example);

        static async Task<string> Made(RunningApi api, string address, string body, string? within)
        {
            using var content = Answers.Json(body);
            using var response = await api.Admin.PostAsync(address, content);
            var made = (await response.Body())!;
            response.StatusCode.ShouldBe(HttpStatusCode.Created, made.ToJsonString());
            return (within is null ? made : made[within]!)["id"]!.GetValue<string>();
        }

        static async Task Post(RunningApi api, string address)
        {
            using var response = await api.Admin.PostAsync(address, null);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }
}
