using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Observed;

/// <summary>A collector that is not there, or takes everything and never answers, is nobody's problem.</summary>
public sealed class AbsentCollectorTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-collector-").FullName;
    readonly TcpListener silent = new(IPAddress.Loopback, 0);

    public void Dispose()
    {
        silent.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [PrivatePostgresFact]
    public async Task It_slows_no_request_and_holds_up_no_end()
    {
        silent.Start(); // The kernel completes the handshake; nobody ever reads.
        await using var roled = await RoledDatabase.Create();
        var (address, keyFile) = (Path.Combine(folder, "address"), Path.Combine(folder, "key"));
        Dictionary<string, string?> Environment(string role, int port) => new() { ["KDR_DATABASE"] = roled.As(role), ["KDR_OTLP_ENDPOINT"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}") };
        await using var api = ObservedProcess.Start("Api", Environment("kdr_api", ((IPEndPoint)silent.LocalEndpoint).Port), "--listen", "127.0.0.1:0", "--address-file", address, "--key-file", keyFile);
        using var client = await api.Listening(address);
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(keyFile)).Trim());
        await using var worker = ObservedProcess.Start("ActionWorker", Environment("kdr_worker", FreePort.Take()), "serve", "--name", "w1", "--cores", "1", "--scratch", Path.Combine(folder, "scratch"));

        // More spans than the queue holds, each request logged in four of them: one that waited for the collector would take two seconds.
        var begun = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (_, ct) => (await client.GetStringAsync("/v1/workers", ct)).ShouldNotBeEmpty());
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(60));
        for (begun = Stopwatch.GetTimestamp(); !(await client.GetStringAsync("/v1/workers")).Contains("\"w1\"", StringComparison.Ordinal); await Task.Delay(50))
            Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(60), worker.Printed);

        (await worker.Stop(seconds: 20)).ShouldBe(0, worker.Printed);
        (await api.Stop(seconds: 20)).ShouldBe(0, api.Printed);
    }

    [PrivatePostgresFact]
    public async Task A_wrong_setting_is_refused_at_the_start_with_its_name()
    {
        var environment = new Dictionary<string, string?> { ["KDR_DATABASE"] = "Host=/nowhere", ["KDR_OTLP_ENDPOINT"] = "localhost:5341" };
        await using var api = ObservedProcess.Start("Api", environment);
        await using var worker = ObservedProcess.Start("ActionWorker", environment, "serve");
        (await api.Ended()).ShouldBe(1);
        (await worker.Ended()).ShouldBe(2);
        foreach (var printed in (string[])[api.Printed, worker.Printed])
            printed.ShouldStartWith("KDR_OTLP_ENDPOINT: expected http:// or https://");
    }
}
