using System.Text.Json.Nodes;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Commands;

public sealed class ServiceCommandsTests(RunningService service) : IClassFixture<RunningService>
{
    [PrivatePostgresFact]
    public async Task Submit_prints_the_id_alone_and_a_second_one_finds_the_first()
    {
        var seed = SmallSpec.NewSeed();
        var first = await service.Kdr.Run("submit", SmallSpec.Path, "--set", seed);
        first.ExitCode.ShouldBe(ExitCode.Done);
        Guid.TryParse(first.Out.Trim(), out _).ShouldBeTrue(first.Out);
        first.Error.ShouldContain("./kdr watch ");
        var second = await service.Kdr.Run("submit", SmallSpec.Path, "--set", seed);
        second.Out.ShouldBe(first.Out);
        second.Error.ShouldContain("submitted before and is queued");
        (await service.Kdr.Run("submit", SmallSpec.Path, "--set", seed, "--again")).Out.ShouldNotBe(first.Out);
    }

    [PrivatePostgresFact]
    public async Task Experiments_are_found_by_id_beginning_name_and_last()
    {
        var id = await service.Submit();
        foreach (var name in new[] { id.ToString(), id.ToString()[..13], "small", "@last" })
        {
            var said = await service.Kdr.Run("show", name, "--json");
            said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
            JsonNode.Parse(said.Out)!["experiment"]!["id"]!.GetValue<Guid>().ShouldBe(id, name);
        }
    }

    [PrivatePostgresFact]
    public async Task Lists_are_tab_separated_for_programs_and_aligned_for_people()
    {
        var id = await service.Submit();
        var plain = await service.Kdr.Run("ls", "--limit", "1");
        plain.Out.Split('\t')[..4].ShouldBe([id.ToString()[..13], "small", "queued", "0/7"]);
        var aligned = await new CommandLine(service.Folders) { OnTerminal = true }.Run("ls", "--limit", "1");
        aligned.Out.ShouldStartWith("ID             NAME");
        aligned.Error.ShouldContain("1 of more than 1 shown; --limit");
        var json = await service.Kdr.Run("ls", "--limit", "1", "--json");
        JsonNode.Parse(json.Out)!.AsArray().Single()!["id"]!.GetValue<Guid>().ShouldBe(id);
    }

    [PostgresTheory]
    [InlineData("show")]
    [InlineData("watch")]
    [InlineData("cancel")]
    [InlineData("table")]
    [InlineData("report")]
    public async Task What_does_not_exist_is_5(string verb)
    {
        (await service.Kdr.Run(verb, "no-such-name")).ExitCode.ShouldBe(ExitCode.NotFound);
        (await service.Kdr.Run(verb, Guid.NewGuid().ToString())).ExitCode.ShouldBe(ExitCode.NotFound);
    }

    [PrivatePostgresFact]
    public async Task Weights_that_a_service_has_not_are_refused_by_what_there_is()
    {
        var id = await service.Submit();
        var folder = Directory.CreateTempSubdirectory("kdr-export-").FullName;
        var output = Path.Combine(folder, "student.pt");
        var unknown = await service.Kdr.Run("export", $"{id}:cnj", output);
        unknown.ExitCode.ShouldBe(ExitCode.NotFound);
        unknown.Error.ShouldContain("has no model 'cnj': there are cni, ");
        var early = await service.Kdr.Run("export", $"{id}:cni", output);
        early.ExitCode.ShouldBe(ExitCode.NotFound);
        early.Error.ShouldContain("has stored no weights yet");
        await service.FinishAll();
        var best = await service.Kdr.Run("export", $"{id}:cni", output, "--checkpoint", "best");
        best.ExitCode.ShouldBe(ExitCode.NotFound);
        best.Error.ShouldContain("keeps no best");
        (await service.Kdr.Run("export", "no-such-file", output)).Error.ShouldContain("e.g. @last:cni");
        Directory.GetFiles(folder).ShouldBeEmpty();
        Directory.Delete(folder);
    }

    [PrivatePostgresFact]
    public async Task A_wrong_key_and_a_reader_who_writes_are_4()
    {
        var wrong = await new CommandLine(service.Folders, key: ApiKeyStore.NewKey()).Run("ls");
        wrong.ExitCode.ShouldBe(ExitCode.NotAllowed);
        wrong.Error.ShouldContain("KDR_KEY");
        var reader = new CommandLine(service.Folders, key: await service.Key(ApiKeyRole.Reader));
        (await reader.Run("ls")).ExitCode.ShouldBe(ExitCode.Done);
        (await reader.Run("submit", SmallSpec.Path)).ExitCode.ShouldBe(ExitCode.NotAllowed);
    }

    [PrivatePostgresFact]
    public async Task A_watched_experiment_that_succeeds_is_0_and_then_has_tables_and_a_report()
    {
        var id = await service.Submit();
        var watching = service.Kdr.Run("watch", id.ToString(), "--timeout", "60");
        await service.FinishAll();
        var said = await watching;
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        said.Error.ShouldContain("[7/7]");
        said.Error.ShouldContain("small succeeded");

        var table = await service.Kdr.Run("table", id.ToString(), "table1");
        table.Out.ShouldContain("Smooth prediction smoothing");
        table.Out.ShouldContain("50.0 [40.4, 59.6]");
        (await service.Kdr.Run("table", id.ToString(), "table9")).ExitCode.ShouldBe(ExitCode.NotFound);

        var file = Path.Combine(service.Folders.Root, "report.html");
        (await service.Kdr.Run("report", id.ToString(), "-o", file)).ExitCode.ShouldBe(ExitCode.Done);
        (await File.ReadAllTextAsync(file)).ShouldContain("<!DOCTYPE html>");
        (await service.Kdr.Run("report", id.ToString(), "-o", "report.docx")).ExitCode.ShouldBe(ExitCode.Usage);

        var folder = Path.Combine(service.Folders.Root, "figures");
        var figures = await service.Kdr.Run("figure", id.ToString(), "--format", "png", "--out", folder);
        figures.ExitCode.ShouldBe(ExitCode.Done, figures.Error);
        figures.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe([Path.Combine(folder, "figure2.png"), Path.Combine(folder, "figure4.png")]);
        (await File.ReadAllBytesAsync(Path.Combine(folder, "figure4.png")))[1..4].ShouldBe("PNG"u8.ToArray());
        (await service.Kdr.Run("figure", id.ToString(), "figure4", "--out", folder)).Out.Trim().ShouldBe(Path.Combine(folder, "figure4.svg"));
        (await service.Kdr.Run("figure", id.ToString(), "figure9", "--out", folder)).Error.ShouldContain("has no figure 'figure9': there are figure2, figure4");
    }

    [PrivatePostgresFact]
    public async Task A_watched_experiment_that_fails_is_3_and_names_the_first_cause()
    {
        var id = await service.Submit();
        var watching = service.Kdr.Run("watch", id.ToString(), "--timeout", "60");
        var job = await service.ClaimOf(id);
        await service.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "train.bin is cut short at byte 3073", ""));
        var said = await watching;
        said.ExitCode.ShouldBe(ExitCode.WatchedFailed);
        said.Error.ShouldContain("train cni: FAILED: train.bin is cut short at byte 3073");
        said.Error.ShouldContain("train cni failed (attempt 1 of 5): train.bin is cut short");
    }

    [PrivatePostgresFact]
    public async Task A_watched_experiment_that_is_cancelled_is_8()
    {
        var id = await service.Submit();
        var watching = service.Kdr.Run("watch", id.ToString(), "--timeout", "60");
        var cancelled = await service.Kdr.Run("cancel", id.ToString());
        cancelled.ExitCode.ShouldBe(ExitCode.Done);
        cancelled.Error.ShouldContain("7 job(s) cancelled");
        (await watching).ExitCode.ShouldBe(ExitCode.Cancelled);
    }

    [PrivatePostgresFact]
    public async Task Watching_for_too_long_is_124_and_the_experiment_goes_on()
    {
        var id = await service.Submit();
        var said = await service.Kdr.Run("watch", id.ToString(), "--timeout", "0.3");
        said.ExitCode.ShouldBe(ExitCode.TimedOut);
        said.Error.ShouldContain("the experiment goes on");
        (await service.Kdr.Run("show", id.ToString(), "--json")).Out.ShouldContain("\"state\": \"queued\"");
    }

    [PrivatePostgresFact]
    public async Task A_job_is_shown_and_cancelled_by_its_id()
    {
        var id = await service.Submit();
        var job = JsonNode.Parse((await service.Kdr.Run("show", id.ToString(), "--json")).Out)!["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
        (await service.Kdr.Run("show", job.ToString())).Out.ShouldContain("\tqueued\t");
        (await service.Kdr.Run("cancel", job.ToString())).Error.ShouldContain("cancelled, with everything that waited for it");
        (await service.Kdr.Run("cancel", job.ToString())).Error.ShouldContain("had ended already");
    }

    [PrivatePostgresFact]
    public async Task Status_shows_the_parts()
    {
        var said = await service.Kdr.Run("status");
        said.ExitCode.ShouldBe(ExitCode.Done);
        said.Out.Split('\n').Select(line => line.Split('\t')[0]).ShouldBe(["host", "postgres", "api", ""]);
        said.Error.ShouldContain(service.Record.Address);
    }
}
