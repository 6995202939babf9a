using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Backups;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Backups;

public sealed class BackupTests : IDisposable
{
    static readonly LeaseSettings Lease = new() { Lease = TimeSpan.FromSeconds(1) };

    readonly string folder = Directory.CreateTempSubdirectory("kdr-backup-").FullName;

    string File(string name = "a.dump") => Path.Combine(folder, name);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [PrivatePostgresFact]
    public async Task After_the_cluster_is_destroyed_everything_of_the_backup_is_there_and_a_running_job_ends_right()
    {
        Guid done, running;
        JobLease lost;
        byte[] weights = Desk.Bytes(5 << 20, 3);
        BackupManifest manifest;
        await using (var cluster = await PostgresCluster.StartNew())
        {
            await using var database = await MigratedDatabase.Create(cluster);
            var desk = new Desk(database, Lease);
            await desk.SubmitOneJob();
            var first = await desk.Claim();
            done = first.Lease.JobId;
            await desk.Metrics.Append(first.Lease, [new MetricPoint(0, MetricSeries.TrainLoss, 1, 1, 0.5)]);
            await desk.StoreCheckpoint(first.Lease, CheckpointRole.Output, OutputNames.Weights, weights);
            await desk.Jobs.Complete(first.Lease, Desk.TrainResult);
            running = await desk.SubmitOneJob();
            var held = await desk.Claim("before");
            await desk.StoreCheckpoint(held.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(1000, 4), 7);
            manifest = await new DatabaseBackup(database.ConnectionString).Write(File());

            // Life goes on after the backup: the job changes hands, so a worker of a later fence exists that the backup knows nothing of.
            await desk.Expire(running);
            (await desk.Jobs.Sweep()).Requeued.ShouldBe(1);
            lost = (await desk.Claim("after")).Lease;
            await desk.SubmitOneJob("too late");
        }

        await using var other = await PostgresCluster.StartNew();
        await using var restored = await other.CreateDatabase();
        (await new DatabaseRestore(restored.ConnectionString).Read(File(), evenIfNotEmpty: false)).Sha256.ShouldBe(manifest.Sha256);
        var after = new Desk(restored, Lease);
        (await KdRobust.Persistence.Schema.Database.Migrate(restored.DataSource)).ShouldBeEmpty();
        (await after.Job(done)).Result.ShouldBe(Desk.TrainResult);
        (await after.Metrics.Series(done))[MetricSeries.TrainLoss].ShouldHaveSingleItem().Value.ShouldBe(0.5);
        using var read = new MemoryStream();
        await after.Checkpoints.CopyTo((await after.Checkpoints.LatestOutput(done, OutputNames.Weights))!, read);
        read.ToArray().ShouldBe(weights);
        (await restored.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(2);

        (await after.StateOf(running)).ShouldBe(JobState.Running);
        await after.Expire(running);
        await Eventually.Holds("the reaper takes the job of the backup's time", async () => (await after.Jobs.Sweep()).Requeued == 1);
        var again = await after.Claim("new");
        again.Lease.JobId.ShouldBe(running);
        again.Resume.ShouldNotBeNull().Epoch.ShouldBe(7);
        again.Lease.Fence.ShouldBeGreaterThan(lost.Fence);
        (await after.Jobs.Complete(lost, Desk.TrainResult)).ShouldBe(CompleteOutcome.Lost, "a worker of the lost time writes nothing");
        await after.StoreOutputs(again);
        (await after.Jobs.Complete(again.Lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        (await after.SubmitOneJob()).ShouldNotBe(Guid.Empty);
        (await Should.ThrowAsync<Npgsql.PostgresException>(() => restored.Execute("DELETE FROM job_event"))).ConstraintName.ShouldBe("job_event_append_only");
    }

    [PostgresFact]
    public async Task A_backup_of_a_busy_database_shows_one_moment()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        using var stop = new CancellationTokenSource();
        var busy = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        });
        await Eventually.Holds("work has begun", async () => await database.Scalar<long>("SELECT count(*) FROM job") > 8);
        var manifest = await new DatabaseBackup(database.ConnectionString).Write(File());
        await stop.CancelAsync();
        await busy;
        await using var restored = await (await PostgresCluster.Shared).CreateDatabase();
        await new DatabaseRestore(restored.ConnectionString).Read(File(), evenIfNotEmpty: false); // Compares every table's count.
        manifest.Rows["job"].ShouldBe(manifest.Rows["experiment"] * 4, "no submission is there by half");
        (await restored.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(manifest.Rows["job"]);
    }

    [PostgresFact]
    public async Task A_database_that_is_not_empty_is_replaced_only_when_confirmed()
    {
        await using var database = await MigratedDatabase.Create();
        await new Desk(database).SubmitOneJob();
        await new DatabaseBackup(database.ConnectionString).Write(File());
        await using var target = await MigratedDatabase.Create();
        await new Desk(target).SubmitOneJob();
        await new Desk(target).SubmitOneJob();
        var restore = new DatabaseRestore(target.ConnectionString);
        target.DataSource.Clear();
        (await Should.ThrowAsync<DatabaseNotEmptyException>(() => restore.Read(File(), evenIfNotEmpty: false))).Message.ShouldContain("--yes");
        (await target.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(2);
        (await Should.ThrowAsync<BackupException>(() => restore.Read(File(), evenIfNotEmpty: true))).Message.ShouldContain("in use by");
        target.DataSource.Clear();
        await restore.Read(File(), evenIfNotEmpty: true);
        (await target.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(1);
    }

    [PostgresFact]
    public async Task The_schema_of_the_engine_is_replaced_too()
    {
        await using var database = await MigratedDatabase.Create();
        await database.Execute("CREATE SCHEMA hangfire; CREATE TABLE hangfire.job (id bigserial, name text); INSERT INTO hangfire.job (name) VALUES ('of the backup')");
        await new DatabaseBackup(database.ConnectionString).Write(File());
        await database.Execute("UPDATE hangfire.job SET name = 'later'");
        database.DataSource.Clear();
        await new DatabaseRestore(database.ConnectionString).Read(File(), evenIfNotEmpty: true);
        (await database.Scalar<string>("SELECT name FROM hangfire.job")).ShouldBe("of the backup");
    }

    [PostgresFact]
    public async Task What_is_no_whole_backup_of_this_version_is_refused_and_changes_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        await new DatabaseBackup(database.ConnectionString).Write(File());
        await using var target = await (await PostgresCluster.Shared).CreateDatabase();
        var restore = new DatabaseRestore(target.ConnectionString);
        async Task<string> Refusal(string file) => (await Should.ThrowAsync<BackupException>(() => restore.Read(file, evenIfNotEmpty: true))).Message;

        (await Refusal(File("none.dump"))).ShouldContain("there is no file");
        await System.IO.File.WriteAllTextAsync(File("bare.dump"), "x");
        (await Refusal(File("bare.dump"))).ShouldContain("no manifest");
        var (good, manifest) = (await System.IO.File.ReadAllBytesAsync(File()), await System.IO.File.ReadAllTextAsync(BackupManifest.PathOf(File())));
        var bad = good.ToArray();
        bad[bad.Length / 2] ^= 1;
        await Write("bad.dump", bad, manifest);
        (await Refusal(File("bad.dump"))).ShouldContain("is damaged");
        await Write("newer.dump", good, manifest.Replace("_Chores\"", "_Chores\", \"20991231000000_Future\"", StringComparison.Ordinal));
        (await Refusal(File("newer.dump"))).ShouldContain("20991231000000_Future");
        await Write("form.dump", good, manifest.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal));
        (await Refusal(File("form.dump"))).ShouldContain("form 2");
        await Write("server.dump", good, System.Text.RegularExpressions.Regex.Replace(manifest, "\"postgresVersion\": \\d+", "\"postgresVersion\": 990001"));
        (await Refusal(File("server.dump"))).ShouldContain("comes from PostgreSQL 99");
        (await target.Scalar<long>("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")).ShouldBe(0);
        (await Should.ThrowAsync<BackupException>(() => new DatabaseBackup(database.ConnectionString).Write(File()))).Message.ShouldContain("exists");
    }

    [PostgresFact]
    public async Task A_dump_that_breaks_off_in_the_middle_leaves_the_database_as_it_was()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(6 << 20, 1));
        await new DatabaseBackup(database.ConnectionString).Write(File());
        // Cut, under a manifest that agrees with what is left.
        var half = (await System.IO.File.ReadAllBytesAsync(File()))[..(4 << 20)];
        var manifest = System.Text.RegularExpressions.Regex.Replace(await System.IO.File.ReadAllTextAsync(BackupManifest.PathOf(File())), "\"bytes\": \\d+", $"\"bytes\": {half.Length}");
        await Write("half.dump", half, System.Text.RegularExpressions.Regex.Replace(manifest, "\"sha256\": \"[0-9a-f]+\"", $"\"sha256\": \"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(half))}\""));
        database.DataSource.Clear();
        await Should.ThrowAsync<BackupException>(() => new DatabaseRestore(database.ConnectionString).Read(File("half.dump"), evenIfNotEmpty: true));
        (await desk.StateOf(job)).ShouldBe(JobState.Running);
        (await desk.Checkpoints.LatestResume(job)).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Scheduled_backups_are_made_once_a_due_time_and_the_oldest_go()
    {
        await using var database = await MigratedDatabase.Create();
        var backups = new ScheduledBackups(database.ConnectionString, folder, kept: 2);
        await System.IO.File.WriteAllTextAsync(File("mine.txt"), "not theirs");
        var due = new DateTimeOffset(2026, 11, 1, 3, 45, 0, TimeSpan.Zero);
        (await backups.Make(due)).Made.ShouldBeTrue();
        (await backups.Make(due)).Made.ShouldBeFalse("another replica fired too");
        await backups.Make(due.AddDays(1));
        await new DatabaseBackup(database.ConnectionString).Write(File("kdrobust-20200101T000000Z.dump"));
        (await backups.Make(due.AddDays(2))).Removed.ShouldBe(["scheduled-kdrobust-20261101T034500Z.dump"]);
        Directory.GetFiles(folder, "*.dump").Select(Path.GetFileName).Order().ShouldBe(
            ["kdrobust-20200101T000000Z.dump", "scheduled-kdrobust-20261102T034500Z.dump", "scheduled-kdrobust-20261103T034500Z.dump"]);
        Directory.GetFiles(folder, "scheduled-*.json").Length.ShouldBe(2);
        System.IO.File.Exists(File("mine.txt")).ShouldBeTrue();
    }

    async Task Write(string name, byte[] dump, string manifest)
    {
        await System.IO.File.WriteAllBytesAsync(File(name), dump);
        await System.IO.File.WriteAllTextAsync(BackupManifest.PathOf(File(name)), manifest);
    }
}
