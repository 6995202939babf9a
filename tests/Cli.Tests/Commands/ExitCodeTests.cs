using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Output;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Commands;

/// <summary>Each exit code once, by its number: scripts depend on them.</summary>
public sealed class ExitCodeTests(RunningService service) : IClassFixture<RunningService>
{
    Task<Said> Run(params string[] arguments) => service.Kdr.Run(arguments);

    [PrivatePostgresFact]
    public async Task Done_is_0() => (await Run("ls")).ExitCode.ShouldBe(0);

    [PrivatePostgresFact]
    public async Task A_request_that_fails_is_1()
    {
        var id = await service.Submit();
        (await Run("resume", id.ToString())).ExitCode.ShouldBe(1);
    }

    [PrivatePostgresFact]
    public async Task A_wrong_command_line_and_an_invalid_spec_are_2()
    {
        (await Run("ls", "--frobnicate")).ExitCode.ShouldBe(2);
        (await Run("submit", SmallSpec.Path, "--set", "seed=-1")).ExitCode.ShouldBe(2);
    }

    [PrivatePostgresFact]
    public async Task What_is_watched_and_fails_is_3_and_what_is_cancelled_is_8()
    {
        var failing = await service.Submit();
        await service.Jobs.Fail((await service.ClaimOf(failing)).Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        (await Run("cancel", failing.ToString())).ExitCode.ShouldBe(0);
        var said = await Run("watch", $"{(await service.Submit())}", "--timeout", "0.2");
        said.ExitCode.ShouldBe(124);
        var cancelled = await service.Submit();
        await Run("cancel", cancelled.ToString());
        (await Run("watch", cancelled.ToString())).ExitCode.ShouldBe(8);
        var failed = await service.Submit();
        var job = await service.ClaimOf(failed);
        await service.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        (await Run("logs", job.Lease.JobId.ToString(), "-f")).ExitCode.ShouldBe(3);
    }

    [PrivatePostgresFact]
    public async Task Not_allowed_is_4() => (await new CommandLine(service.Folders, key: ApiKeyStore.NewKey()).Run("ls")).ExitCode.ShouldBe(4);

    [PrivatePostgresFact]
    public async Task Not_found_is_5() => (await Run("show", Guid.NewGuid().ToString())).ExitCode.ShouldBe(5);

    [Fact]
    public async Task A_check_that_fails_is_6()
    {
        // An empty folder is no checkout: what the examination needs is not there.
        using var checkout = new TemporaryCheckout();
        var examined = await new CommandLine(checkout.Folders) { Environment = { ["PATH"] = "" } }.Run("doctor");
        examined.ExitCode.ShouldBe(6, examined.Out);
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_7()
    {
        using var checkout = new TemporaryCheckout();
        (await new CommandLine(checkout.Folders, "http://127.0.0.1:1", "kdr_x").Run("ls")).ExitCode.ShouldBe(7);
    }

    [PrivatePostgresFact]
    public async Task An_interrupt_is_130_and_the_experiment_goes_on()
    {
        var id = await service.Submit();
        using var interrupt = new CancellationTokenSource();
        await using var output = new StringWriter();
        var terminal = new Terminal(output, output, IsInteractive: false, IsTable: false);
        var watching = KdrCommand.Run(["watch", id.ToString()], new CommandContext(terminal, service.Folders, _ => null), interrupt.Token);
        await interrupt.CancelAsync();
        (await watching).ShouldBe(130);
        using var client = new ServiceClient(ServiceLocation.Find(service.Folders, null, _ => null));
        (await client.Experiment(id, default)).Experiment.State.ShouldBe(ExperimentState.Queued);
    }
}
