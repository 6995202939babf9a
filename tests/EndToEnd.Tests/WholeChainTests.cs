using System.Diagnostics;
using System.Text.Json.Nodes;
using KdRobust.EndToEnd.Tests.Arrange;

namespace KdRobust.EndToEnd.Tests;

/// <summary>What was computed once without a service: what the service must reproduce to the last digit.</summary>
public sealed class Reference : IAsyncLifetime
{
    public string Digits { get; private set; } = "";

    public async Task InitializeAsync()
    {
        if (new ServiceFactAttribute().Skip is not null) return;
        using var checkout = new Checkout();
        Digits = Arrange.Digits.Of(await checkout.Do("run", Programs.Spec, "--json"));
    }

    public Task DisposeAsync() => Task.CompletedTask;
}

/// <summary>The whole service: real processes, real training, real deaths.</summary>
public sealed class WholeChainTests(Reference reference) : IClassFixture<Reference>, IDisposable
{
    static readonly TimeSpan Long = TimeSpan.FromSeconds(120);
    readonly Checkout kdr = new();

    public void Dispose() => kdr.Dispose();

    [ServiceFact]
    public async Task One_worker_two_workers_and_no_service_give_the_same_digits_and_no_job_runs_twice()
    {
        foreach (var workers in new[] { "1", "2" })
        {
            await kdr.Do("up", "--workers", workers, "--cores", "1");
            var id = (await kdr.Do("submit", Programs.Spec, "--again", "--watch")).Trim();
            Digits.Of(await kdr.Do("report", id, "--format", "json")).ShouldBe(reference.Digits, $"{workers} worker(s)");

            var jobs = JsonNode.Parse(await kdr.Do("show", id, "--json"))!["jobs"]!.AsArray().Select(j => j!["job"]!).ToList();
            jobs.ShouldAllBe(j => j["attempt"]!.GetValue<int>() == 1);
            jobs.Select(j => j["worker"]!.GetValue<string>()).Distinct().Count().ShouldBe(workers == "1" ? 1 : 2);
            await kdr.Do("down");
        }
    }

    [ServiceFact]
    public async Task A_killed_run_process_and_a_killed_supervisor_change_no_digit_and_leave_nothing_behind()
    {
        await kdr.Do("up", "--workers", "2", "--cores", "1");
        using var client = kdr.Client();
        var id = (await kdr.Do("submit", Programs.Spec)).Trim();

        // In the middle of the teacher's training, after its first checkpoint.
        var (worker, _) = await Training(client, id, "train/cni", epochs: 1, attempt: 1);
        var killed = LinuxProcess.RunProcessesOf(kdr.Processes()[worker]).ShouldHaveSingleItem();
        LinuxProcess.Kill(killed);

        // In the middle of the student's: this time the one who holds the lease.
        (worker, _) = await Training(client, id, "train/student", epochs: 1, attempt: 1);
        var supervisor = kdr.Processes()[worker];
        var orphan = LinuxProcess.RunProcessesOf(supervisor).ShouldHaveSingleItem();
        LinuxProcess.Kill(supervisor);
        await LinuxProcess.ShouldEnd(orphan, TimeSpan.FromSeconds(5));

        var watched = await kdr.Run("watch", id);
        watched.ExitCode.ShouldBe(0, watched.Text);
        Digits.Of(await kdr.Do("report", id, "--format", "json")).ShouldBe(reference.Digits);
        (await Job(client, id, "train/cni"))["attempt"]!.GetValue<int>().ShouldBe(2);
        (await Job(client, id, "train/student"))["attempt"]!.GetValue<int>().ShouldBe(2);

        var processes = kdr.Processes().Values.SelectMany(p => LinuxProcess.RunProcessesOf(p).Append(p)).ToList();
        await kdr.Do("down");
        foreach (var process in processes) await LinuxProcess.ShouldEnd(process, TimeSpan.FromSeconds(1));
    }

    /// <summary>Waits until a training has finished so many epochs in an attempt and goes on.</summary>
    /// <returns>Which part of the service works on it, and its row.</returns>
    static async Task<(string Worker, JsonNode Job)> Training(HttpClient client, string experiment, string key, double epochs, int attempt)
    {
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < Long; await Task.Delay(50))
        {
            var job = await Job(client, experiment, key);
            var state = job["state"]!.GetValue<string>();
            state.ShouldNotBe("succeeded", $"{key} was over before it could be disturbed: the spec is too small");
            if (state == "running" && job["attempt"]!.GetValue<int>() == attempt && job["progress"]?["done"]?.GetValue<double>() >= epochs)
                return (job["worker"]!.GetValue<string>().Split('.')[0], job);
        }
        throw new TimeoutException($"{key} did not come to epoch {epochs} within {Long}");
    }

    static async Task<JsonNode> Job(HttpClient client, string experiment, string key) =>
        JsonNode.Parse(await client.GetStringAsync($"/v1/experiments/{experiment}"))!["jobs"]!.AsArray().Single(j => j!["key"]!.GetValue<string>() == key)!["job"]!;
}
