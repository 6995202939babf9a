using KdRobust.Queue.Chores;

namespace KdRobust.Queue.Tests.Chores;

public sealed class ChoreSettingsTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public void What_is_left_out_keeps_its_default()
    {
        var settings = Read("""{ "backupFolder": "/backups", "retention": { "stepMetricDays": null } }""");
        settings.ShouldBe(new ChoreSettings { BackupFolder = "/backups", Retention = new() { StepMetricDays = null } });
        settings.BackupsKept.ShouldBe(7);
    }

    [Theory]
    [InlineData("""{ "retention": { "stepMetricBuckets": 0 } }""", "retention.stepMetricBuckets is 0; expected 1 to 36500")]
    [InlineData("""{ "retentionCron": "nightly" }""", "retentionCron: 'nightly' is no cron expression")]
    [InlineData("""{ "backupFolder": "backups" }""", "expected an absolute path")]
    [InlineData("""{ "backupsKept": 0 }""", "backupsKept is 0; expected 1 to 10000")]
    [InlineData("""{ "keep": 3 }""", "keep")]
    [InlineData("null", "expected an object")]
    [InlineData("[", "holds no chore settings")]
    public void What_cannot_be_used_is_named(string text, string problem) => Should.Throw<InvalidDataException>(() => Read(text)).Message.ShouldContain(problem);

    ChoreSettings Read(string text)
    {
        File.WriteAllText(file, text);
        return ChoreSettings.Read(file);
    }
}
