using KdRobust.Cli.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Commands;

/// <summary>The verbs of whoever runs the service: schedules, retention, backup and restore.</summary>
public sealed class OperationsCommandsTests(RunningService service) : IClassFixture<RunningService>
{
    [PostgresFact]
    public async Task A_schedule_is_added_listed_paused_resumed_and_removed()
    {
        var added = await service.Kdr.Run("schedule", "add", "yearly", "0 3 1 1 *", SmallSpec.Path, "--time-zone", "Europe/Berlin", "--set", SmallSpec.NewSeed());
        added.ExitCode.ShouldBe(0, added.Error);
        Guid.TryParse(added.Out.Trim(), out _).ShouldBeTrue(added.Out);
        (await service.Kdr.Run("schedule", "ls")).Out.ShouldContain("0 3 1 1 *");
        (await service.Kdr.Run("schedule", "pause", "yearly")).Error.ShouldContain("'yearly' is paused");
        (await service.Kdr.Run("schedule", "resume", added.Out.Trim())).Error.ShouldContain("fires next on");
        var twice = await service.Kdr.Run("schedule", "add", "yearly", "0 3 1 1 *", SmallSpec.Path);
        (twice.ExitCode, twice.Error).ShouldBe((2, "kdr: there is a schedule 'yearly' already\n"));
        var wrong = await service.Kdr.Run("schedule", "add", "other", "soon", SmallSpec.Path);
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.ShouldContain("$.cron");
        (await service.Kdr.Run("schedule", "rm", "yearly")).ExitCode.ShouldBe(0);
        var gone = await service.Kdr.Run("schedule", "rm", "yearly");
        (gone.ExitCode, gone.Error).ShouldBe((5, "kdr: there is no schedule 'yearly' that this key may see: ./kdr schedule ls lists them\n"));
    }

    [PostgresFact]
    public async Task Retention_says_what_it_would_do()
    {
        var said = await service.Kdr.Run("retention", "--dry-run");
        said.ExitCode.ShouldBe(0, said.Error);
        said.Out.ShouldContain("would be deleted");
    }

    [PostgresFact]
    public async Task A_backup_of_the_running_service_is_written_and_restoring_under_it_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-cli-backup-").FullName;
        try
        {
            await service.Submit();
            var backup = await service.Kdr.Run("backup", folder);
            backup.ExitCode.ShouldBe(0, backup.Error);
            var file = backup.Out.Trim();
            File.Exists(file).ShouldBeTrue(backup.Out);
            File.Exists(file + ".json").ShouldBeTrue();
            backup.Error.ShouldContain("experiments");
            var restore = await service.Kdr.Run("restore", file, "--yes");
            restore.ExitCode.ShouldBe(2);
            restore.Error.ShouldContain("./kdr down first");
            var again = await service.Kdr.Run("backup", file);
            (again.ExitCode, again.Error).ShouldBe((1, $"kdr: {file} exists: name another file, or delete it first\n"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
