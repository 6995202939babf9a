using System.Security.Cryptography;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Models;

public sealed class ModelFileStoreTests
{
    const int Chunk = 2 << 20;

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(Chunk)]
    [InlineData(2 * Chunk + 17)]
    public async Task Bytes_come_back_as_they_were(int length)
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var content = Desk.Bytes(length, 7);
        var file = await desk.Upload(content);
        file.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(content)));
        file.Bytes.ShouldBe(length);
        (await desk.ModelFiles.Find(Desk.Owner, file.Sha256)).ShouldBe(file);
        (await Read(desk, file)).ShouldBe(content);
    }

    [PostgresFact]
    public async Task File_is_visible_only_when_whole_and_only_to_its_owner()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var content = await desk.ModelFiles.Write(new MemoryStream(Desk.Bytes(Chunk + 1, 1)));
        (await desk.ModelFiles.List(null, null, 10)).ShouldBeEmpty();

        await database.Execute("ALTER TABLE model_file_chunk ADD CONSTRAINT broken CHECK (ordinal < 1)");
        await Should.ThrowAsync<Npgsql.PostgresException>(() => desk.ModelFiles.Register(Desk.Owner, "weights.pt", content));
        (await desk.ModelFiles.List(null, null, 10)).ShouldBeEmpty("half a list of chunks is none");

        await database.Execute("ALTER TABLE model_file_chunk DROP CONSTRAINT broken");
        await desk.ModelFiles.Register(Desk.Owner, "weights.pt", content);
        (await desk.ModelFiles.List(Desk.Owner, null, 10)).ShouldHaveSingleItem().Name.ShouldBe("weights.pt");
        (await desk.ModelFiles.Find("bob", content.Sha256)).ShouldBeNull();
        (await desk.ModelFiles.List("bob", null, 10)).ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Same_file_is_one_file_of_each_owner_and_its_chunks_are_stored_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var stored = await desk.ModelFiles.Write(new MemoryStream(Desk.Bytes(Chunk + 1, 1)));
        var uploads = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => desk.ModelFiles.Register(Desk.Owner, $"name {i}", stored)));
        uploads.Count(upload => upload.Created).ShouldBe(1);
        uploads.Select(upload => upload.File).Distinct().ShouldHaveSingleItem().ShouldBe(uploads.Single(upload => upload.Created).File);
        (await desk.ModelFiles.Register("bob", "mine", stored)).Created.ShouldBeTrue();
        (await database.Scalar<long>("SELECT count(*) FROM model_file")).ShouldBe(2);
        (await database.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(2);
    }

    [PostgresFact]
    public async Task Lists_come_newest_first_in_pages()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var i = 0; i < 5; i++)
            await desk.Upload(Desk.Bytes(10, i), i == 2 ? "bob" : Desk.Owner, $"file {i}");
        var first = await desk.ModelFiles.List(Desk.Owner, null, 3);
        first.Select(file => file.Name).ShouldBe(["file 4", "file 3", "file 1"]);
        (await desk.ModelFiles.List(Desk.Owner, first[^1].Seq, 3)).Select(file => file.Name).ShouldBe(["file 0"]);
        (await desk.ModelFiles.List(null, null, 10)).Count.ShouldBe(5);
    }

    [PostgresFact]
    public async Task Collector_leaves_the_chunks_of_uploads_and_takes_those_of_deleted_and_broken_off_ones()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var content = Desk.Bytes(2 * Chunk, 1);
        var file = await desk.Upload(content);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.StoreCheckpoint(lease, CheckpointRole.Output, OutputNames.Weights, content[..Chunk]);
        await Should.ThrowAsync<IOException>(() => desk.ModelFiles.Write(new BreakingOff(Desk.Bytes(Chunk + 5, 2))));
        (await database.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(3);

        (await desk.Checkpoints.CollectGarbage(TimeSpan.FromHours(1))).ShouldBe(0, "an upload under way has not named its chunks yet");
        (await desk.Checkpoints.CollectGarbage(TimeSpan.Zero)).ShouldBe(1, "the chunk of the upload that broke off");
        (await Read(desk, file)).ShouldBe(content);

        (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).ShouldSatisfyAllConditions(done => done.Found.ShouldBeTrue(), done => done.Users.ShouldBeEmpty());
        (await desk.ModelFiles.Find(Desk.Owner, file.Sha256)).ShouldBeNull();
        (await desk.Checkpoints.CollectGarbage(TimeSpan.Zero)).ShouldBe(1, "the other chunk is a checkpoint's too");
        (await desk.ModelFiles.Delete(Desk.Owner, file.Sha256)).Found.ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Chunks_of_a_slow_upload_stay_fresh_until_it_names_them()
    {
        await using var database = await MigratedDatabase.Create();
        var content = Desk.Bytes(3 * Chunk, 3);
        // Between the second and the third chunk "two hours" pass on both clocks.
        var time = new LeapingTime();
        var slow = new Interrupted(content, 2 * Chunk, async () =>
        {
            time.Leap(TimeSpan.FromHours(2));
            await database.Execute("UPDATE chunk SET touched_at = touched_at - interval '2 h'");
        });
        var stored = await new ModelFileStore(database.DataSource, time).Write(slow);
        var desk = new Desk(database);
        (await desk.Checkpoints.CollectGarbage(TimeSpan.FromHours(1))).ShouldBe(0);
        (await Read(desk, (await desk.ModelFiles.Register(Desk.Owner, "slow", stored)).File)).ShouldBe(content);
    }

    [PostgresFact]
    public async Task Damaged_chunk_is_found_and_another_upload_of_the_file_mends_it()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var content = Desk.Bytes(Chunk + 5, 1);
        var file = await desk.Upload(content);
        await database.Execute(
            $"UPDATE chunk SET content = set_byte(content, 3, get_byte(content, 3) # 1) WHERE sha256 = (SELECT sha256 FROM model_file_chunk WHERE model_file_id = '{file.Id}' AND ordinal = 1)");
        using var whole = new MemoryStream();
        var damage = await Should.ThrowAsync<DamagedModelFileException>(() => desk.ModelFiles.CopyTo(file, whole));
        damage.Message.ShouldContain("'weights.pt' is damaged: chunk 1 does not have the SHA-256");
        damage.Message.ShouldContain("kdr import");
        whole.Length.ShouldBe(Chunk, "what was passed on is right");

        (await desk.Upload(content)).ShouldBe(file);
        (await Read(desk, file)).ShouldBe(content);
    }

    [PostgresFact]
    public async Task File_of_a_job_is_its_owners()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var file = await desk.Upload(Desk.Bytes(10, 1));
        await desk.Upload(Desk.Bytes(10, 1), "bob");
        await desk.Submit(Specs.Import(Specs.NewSeed(), file.Sha256));
        var job = await desk.Claim();
        job.Payload.ShouldBeOfType<ImportPayload>().File.Sha256.ShouldBe(file.Sha256);
        (await desk.ModelFiles.OfJob(job.Lease.JobId, file.Sha256)).ShouldBe(file);
        await database.Execute("DELETE FROM model_file WHERE owner = 'ada'");
        (await desk.ModelFiles.OfJob(job.Lease.JobId, file.Sha256)).ShouldBeNull();
    }

    static async Task<byte[]> Read(Desk desk, ModelFile file)
    {
        using var bytes = new MemoryStream();
        await desk.ModelFiles.CopyTo(file, bytes);
        return bytes.ToArray();
    }

    /// <summary>Fails where a connection would be lost: at the end of what came.</summary>
    sealed class BreakingOff(byte[] content) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("the connection is gone");
    }

    /// <summary>Something happens in the middle.</summary>
    sealed class Interrupted(byte[] content, int at, Func<Task> happening) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == at)
                await happening();
            return await base.ReadAsync(Position < at ? buffer[..(int)Math.Min(buffer.Length, at - Position)] : buffer, cancellationToken);
        }
    }

    sealed class LeapingTime : TimeProvider
    {
        long leapt;

        public override long GetTimestamp() => base.GetTimestamp() + leapt;

        public void Leap(TimeSpan by) => leapt += (long)(by.TotalSeconds * TimestampFrequency);
    }
}
