using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Description;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Persistence.Keys;
using KdRobust.Support;
using Xunit.Abstractions;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>
/// Thousands of hostile requests to every operation of the document, from its schemas and examples. KDR_FUZZ_SEED takes another
/// seed, KDR_FUZZ_TIMES so many times as many requests.
/// </summary>
public sealed class GeneratedFuzzTests(FuzzedApi api, ITestOutputHelper output) : IClassFixture<FuzzedApi>
{
    const int Plain = 24, WithBody = 120, AtOnce = 4;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static int Setting(string name, int standard) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : standard;

    [PostgresFact]
    public async Task No_request_is_a_fault_of_ours_and_every_refusal_says_what_was_expected()
    {
        var (seed, times) = (Setting("KDR_FUZZ_SEED", 20261127), Setting("KDR_FUZZ_TIMES", 1));
        output.WriteLine($"seed {seed}");
        var described = await DescribedApi.Read(api);
        var key = await api.Key("fuzz", ApiKeyRole.Admin);
        var requests = new HostileRequests(described, await Things(key), seed);
        var wrong = new ConcurrentBag<(string Operation, string Request, string What)>();
        var sent = 0;
        var cases = described.Operations.SelectMany(operation => Enumerable.Range(0, times * (operation.BodyType is null ? Plain : WithBody)).Select(number => (operation, number)));
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (one, ct) =>
        {
            using var request = requests.Make(one.operation, one.number);
            request.RequestUri = new Uri(api.Address + request.RequestUri!.OriginalString["http://host".Length..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Patience);
            try
            {
                using var response = await api.Raw.SendAsync(request, patience.Token);
                if (await RefusalJudge.Judge(response, request.Method != HttpMethod.Head) is { } what) wrong.Add((one.operation.Id, $"{one.number}, {await Shown(request)}", what));
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                wrong.Add((one.operation.Id, $"{one.number}, {await Shown(request)}", $"no answer: {error.Message}"));
            }
            Interlocked.Increment(ref sent);
        });
        output.WriteLine($"{sent} requests to {described.Operations.Count} operations");
        // One of each kind, so that a fault that comes often does not hide another.
        wrong.GroupBy(one => (one.Operation, Cut(one.What, 90))).OrderBy(group => group.Key.Operation, StringComparer.Ordinal)
            .Select(group => $"{group.Key.Operation} ({group.Count()}): {group.First().Request}\n  {group.First().What}").Take(60).ShouldBeEmpty($"seed {seed}, {wrong.Count} of {sent}");
        api.Faults().Take(5).ShouldBeEmpty($"seed {seed}");
        (await api.Ada.GetJson("/v1/experiments"))!["items"]!.AsArray().Count.ShouldBe(1, "what stood before stands still");
    }

    // What the examples' ids stand for. Nothing here is the caller's own key.
    async Task<Dictionary<string, string>> Things(string key)
    {
        using var fuzz = api.Client(key);
        var detail = await api.Ada.Submit(SmallSpec.Unique());
        var worker = new StandInWorker(api);
        var job = await worker.Claim();
        using var model = await fuzz.Upload(RandomNumberGenerator.GetBytes(50), "x");
        // A sweep's points are experiments too; Ada's are counted at the end.
        using var sweep = await api.Bob.PostAsync("/v1/sweeps", Answers.Json(SmallSweep.Unique(0.5, 0.75)));
        using var schedule = await api.Ada.PostAsync("/v1/schedules", Answers.Json($$"""{ "name": "nightly", "cron": "0 3 1 1 *", "spec": {{SmallSpec.Text}} }"""));
        return new(StringComparer.Ordinal)
        {
            [ExampleRequests.Experiment] = Answers.IdOf(detail).ToString(), [ExampleRequests.Job] = job.Lease.JobId.ToString(), [$"experiment:{ExampleRequests.Experiment}"] = $"experiment:{Answers.IdOf(detail)}",
            [ExampleRequests.Checkpoint] = (await worker.Store(job, Domain.Jobs.OutputNames.Weights, [1, 2, 3])).Id.ToString(),
            [ExampleRequests.Model] = (await model.Body())!["sha256"]!.GetValue<string>(), [ExampleRequests.Sweep] = (await sweep.Body())!["sweep"]!["id"]!.GetValue<string>(), [ExampleRequests.Schedule] = (await schedule.Body())!["id"]!.GetValue<string>(),
            [ExampleRequests.Key] = (await new ApiKeyStore(api.Database.DataSource).Create("other", ApiKeyRole.Reader, "x", null)).View.Id.ToString(),
        };
    }

    static async Task<string> Shown(HttpRequestMessage request)
    {
        var line = $"{request.Method} {request.RequestUri!.PathAndQuery} {string.Join(", ", request.Headers.Where(header => header.Key != "Authorization").Select(header => $"{header.Key}: {string.Join(',', header.Value)}"))}";
        var content = request.Content is null ? "" : $" {request.Content.Headers.ToString().ReplaceLineEndings(" ")}{Encoding.UTF8.GetString(await request.Content.ReadAsByteArrayAsync())}";
        return Cut(line, 300) + Cut(content, 500);
    }

    static string Cut(string text, int most) => text.Length <= most ? text : text[..most] + "...";
}
