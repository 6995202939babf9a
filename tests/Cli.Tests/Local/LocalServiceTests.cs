using System.Diagnostics;
using System.Net;
using KdRobust.Cli.Local;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Local;

/// <summary>The service as people start it: by the program, in processes of its own.</summary>
public sealed class LocalServiceTests : IDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    readonly TemporaryCheckout checkout = new();

    public void Dispose() => checkout.Dispose();

    LocalFolders Folders => checkout.Folders;

    Task<ChildResult> Kdr(params string[] arguments) => ChildProcess.Run(
        "dotnet", [Folders.Program("Cli"), .. arguments],
        new Dictionary<string, string?> { ["KDR_ROOT"] = Folders.Root, ["KDR_SERVER"] = null, ["KDR_KEY"] = null, ["KDR_DATA"] = null, ["KDR_TORCH_NATIVE"] = null });

    async Task<ServiceRecord> Up()
    {
        var up = await Kdr("up", "--workers", "0");
        up.ExitCode.ShouldBe(0, up.Text);
        var record = ServiceRecord.Running(Folders)!;
        up.Output.Trim().ShouldBe(record.Address);
        return record;
    }

    static async Task ShouldBeGone(ServiceRecord record, TimeSpan limit)
    {
        foreach (var (name, process) in record.Processes.Append(new("host", record.Host)))
            (await process.Gone(limit)).ShouldBeTrue($"{name} (process {process.Id}) is still there");
    }

    [PrivatePostgresFact]
    public async Task Up_starts_it_down_stops_it_and_what_was_stored_is_there_at_the_next_up()
    {
        var record = await Up();
        File.GetUnixFileMode(Folders.KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await Kdr("up")).Text.ShouldContain("runs already");
        var submitted = await Kdr("submit", SmallSpec.Path);
        submitted.ExitCode.ShouldBe(0, submitted.Text);

        var begun = Stopwatch.GetTimestamp();
        (await Kdr("down")).ExitCode.ShouldBe(0);
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(Soon);
        await ShouldBeGone(record, TimeSpan.Zero);
        ServiceRecord.Left(Folders).ShouldBeNull();
        (await Kdr("status")).ExitCode.ShouldBe(ExitCode.Unreachable);

        await Up();
        (await Kdr("ls")).Output.ShouldContain("small\tqueued");
        (await Kdr("down")).ExitCode.ShouldBe(0);
    }

    [PrivatePostgresFact]
    public async Task When_the_host_is_killed_nothing_of_it_lives_on_and_the_next_up_works()
    {
        var record = await Up();
        record.Host.Signal(UnixSignal.Kill);
        await ShouldBeGone(record, Soon);
        ServiceRecord.Running(Folders).ShouldBeNull();

        await Up();
        (await Kdr("down")).ExitCode.ShouldBe(0);
    }

    [PrivatePostgresFact]
    public async Task A_part_that_dies_is_started_again_at_the_same_address()
    {
        var record = await Up();
        foreach (var name in new[] { "api", "postgres" })
        {
            var before = ServiceRecord.Running(Folders)!.Processes.Single(p => p.Name == name).Process;
            before.Signal(UnixSignal.Kill);
            await Eventually(async () => ServiceRecord.Running(Folders)?.Processes.Single(p => p.Name == name).Process is { Alive: true } now && now != before && await IsReady(record.Address), $"{name} runs again");
        }
        ServiceRecord.Running(Folders)!.Address.ShouldBe(record.Address);
        (await Kdr("ls")).ExitCode.ShouldBe(0);
        (await Kdr("down")).ExitCode.ShouldBe(0);
    }

    [PrivatePostgresFact]
    public async Task In_the_foreground_an_interrupt_ends_it_all()
    {
        // A shell's background job has interrupts ignored, and all below it inherit that: whoever runs these tests so must not change what they say.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Folders.Program("Cli"), "up", "--foreground", "--workers", "0"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KDR_ROOT"] = Folders.Root;
        using var host = Process.Start(start)!;
        var error = host.StandardError.ReadToEndAsync();
        (await host.StandardOutput.ReadLineAsync()).ShouldStartWith("http://127.0.0.1:");
        var record = ServiceRecord.Running(Folders)!;
        record.Host.Id.ShouldBe(host.Id);
        new ProcessIdentity(host.Id, record.Host.Started).Signal(UnixSignal.Interrupt);
        await ShouldBeGone(record, Soon);
        await host.WaitForExitAsync();
        (await error).ShouldContain("stopping");
    }

    [PrivatePostgresFact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        using var other = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var up = await Kdr("up", "--workers", "0", "--port", ((IPEndPoint)other.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        up.ExitCode.ShouldBe(1);
        up.Error.Trim().Split('\n').Last().ShouldContain("another program has the port");
        ServiceRecord.Left(Folders).ShouldBeNull();
    }

    [Fact]
    public async Task Without_PostgreSQL_it_is_one_line_that_says_what_to_install()
    {
        var up = await ChildProcess.Run("dotnet", [Folders.Program("Cli"), "up", "--workers", "0"], new Dictionary<string, string?> { ["KDR_ROOT"] = Folders.Root, ["PGBIN"] = "/nowhere" });
        up.ExitCode.ShouldBe(1);
        up.Error.Trim().ShouldBe("kdr: PGBIN=/nowhere does not hold initdb and postgres: install PostgreSQL (apt-get install postgresql), or let PGBIN name the folder with initdb and postgres");
    }

    [Fact]
    public async Task Without_the_native_part_no_worker_is_started()
    {
        var up = await Kdr("up");
        up.ExitCode.ShouldBe(1);
        up.Error.ShouldContain("libtorch-dev");
    }

    static async Task<bool> IsReady(string address)
    {
        using var http = new HttpClient();
        try
        {
            using var response = await http.GetAsync(address + "/readyz");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static async Task Eventually(Func<Task<bool>> condition, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(30)) throw new TimeoutException($"not within 30 s: {what}");
            await Task.Delay(50);
        }
    }
}
