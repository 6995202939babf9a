using System.Security.Cryptography;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Checkpoints;

[Collection(MeasuredAlone.Name)]
public sealed class CheckpointStoreTests
{
    const int Chunk = 2 << 20;

    [PostgresTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk)]
    [InlineData(3 * Chunk + 17)]
    public async Task Bytes_come_back_as_they_were(int length)
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var content = Desk.Bytes(length, 7);
        var stored = (await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", content, epoch: 4))!;
        stored.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(content)));
        (await desk.Checkpoints.LatestResume(lease.JobId)).ShouldBe(stored);
        (await Read(desk, stored)).ShouldBe(content);
    }

    [PostgresFact]
    public async Task Same_chunks_are_stored_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var content = Desk.Bytes(3 * Chunk, 1);
        await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", content, 1);
        content[0] ^= 1; // One of three chunks differs.
        await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", content, 2);
        (await database.Scalar<long>("SELECT count(*) FROM checkpoint_chunk")).ShouldBe(6);
        (await database.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(4);
    }

    [PostgresFact]
    public async Task Damaged_chunk_is_found_and_the_checkpoint_before_it_is_used()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var first = (await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(Chunk + 5, 1), 1))!;
        var second = (await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(Chunk + 5, 2), 2))!;
        await database.Execute(
            $"UPDATE chunk SET content = set_byte(content, 3, get_byte(content, 3) # 1) WHERE sha256 = (SELECT sha256 FROM checkpoint_chunk WHERE checkpoint_id = '{second.Id}' AND ordinal = 1)");

        var damage = await Should.ThrowAsync<DamagedCheckpointException>(() => Read(desk, second));
        damage.Message.ShouldContain("chunk 1 does not have the SHA-256");
        await desk.Checkpoints.MarkDamaged(damage.Checkpoint);
        (await desk.Checkpoints.LatestResume(lease.JobId)).ShouldBe(first);
        (await Read(desk, first)).Length.ShouldBe(Chunk + 5);
    }

    [PostgresFact]
    public async Task Chunks_of_another_order_or_number_are_found_too()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var stored = (await desk.StoreCheckpoint(lease, CheckpointRole.Output, OutputNames.Weights, Desk.Bytes(3 * Chunk, 3)))!;
        await database.Execute("UPDATE checkpoint_chunk SET ordinal = ordinal + 10; UPDATE checkpoint_chunk SET ordinal = 12 - ordinal");
        await Should.ThrowAsync<DamagedCheckpointException>(() => Read(desk, stored));
        await database.Execute("DELETE FROM checkpoint_chunk WHERE ordinal = 2");
        await Should.ThrowAsync<DamagedCheckpointException>(() => Read(desk, stored));
    }

    [PostgresFact]
    public async Task What_was_stored_before_lists_had_a_sum_is_checked_as_a_whole()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var content = Desk.Bytes(2 * Chunk + 7, 3);
        var stored = (await desk.StoreCheckpoint(lease, CheckpointRole.Output, OutputNames.Weights, content))!;
        (await database.Scalar<bool>("SELECT list_sha256 IS NOT NULL FROM checkpoint")).ShouldBeTrue();
        await database.Execute("UPDATE checkpoint SET list_sha256 = NULL");
        (await Read(desk, stored)).ShouldBe(content);
        await database.Execute("UPDATE checkpoint_chunk SET ordinal = 7 WHERE ordinal = 0; UPDATE checkpoint_chunk SET ordinal = 0 WHERE ordinal = 1; UPDATE checkpoint_chunk SET ordinal = 1 WHERE ordinal = 7");
        await Should.ThrowAsync<DamagedCheckpointException>(() => Read(desk, stored));
    }

    [PostgresFact]
    public async Task Last_two_resume_points_and_every_output_are_kept_and_the_rest_collected()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.StoreCheckpoint(lease, CheckpointRole.Output, OutputNames.Weights, Desk.Bytes(100, 99));
        for (var epoch = 1; epoch <= 5; epoch++)
            await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(100, epoch), epoch);
        (await desk.Checkpoints.OfJob(lease.JobId)).Select(kept => (kept.Role, kept.Epoch))
            .ShouldBe([(CheckpointRole.Output, 0), (CheckpointRole.Resume, 4), (CheckpointRole.Resume, 5)]);

        (await desk.Checkpoints.CollectGarbage(TimeSpan.FromHours(1))).ShouldBe(0, "an upload under way has not named its chunks yet");
        (await desk.Checkpoints.CollectGarbage(TimeSpan.Zero)).ShouldBe(3);
        foreach (var kept in await desk.Checkpoints.OfJob(lease.JobId))
            (await Read(desk, kept)).Length.ShouldBe(100);
    }

    [PostgresFact]
    public async Task Metrics_of_the_epoch_become_visible_with_its_checkpoint_or_not_at_all()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var content = await desk.Checkpoints.Write(new MemoryStream(Desk.Bytes(10, 1)));
        (await desk.Checkpoints.Register(lease, CheckpointRole.Resume, "resume", 1, 0, content, [new(0, "train/loss", 1, 40, 2.1)])).ShouldNotBeNull();
        (await desk.Metrics.Read(id, 0, 10)).Count.ShouldBe(1);

        await database.Execute("ALTER TABLE checkpoint ADD CONSTRAINT broken CHECK (epoch < 2)");
        await Should.ThrowAsync<Npgsql.PostgresException>(() => desk.Checkpoints.Register(lease, CheckpointRole.Resume, "resume", 2, 0, content, [new(1, "train/loss", 2, 80, 2.0)]));
        (await desk.Metrics.Read(id, 0, 10)).Count.ShouldBe(1);
    }

    [PostgresFact]
    public async Task Large_content_is_streamed_with_the_memory_of_a_few_chunks()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.StoreCheckpoint(lease, CheckpointRole.Output, "warm-up", Desk.Bytes(2 * Chunk, 1));

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var stored = (await desk.Checkpoints.Register(lease, CheckpointRole.Output, "large", 0, 0, await desk.Checkpoints.Write(new Repeating(64L << 20)), []))!;
        await desk.Checkpoints.CopyTo(stored, Stream.Null);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        stored.Bytes.ShouldBe(64L << 20);
        allocated.ShouldBeLessThan(32L << 20, "64 MiB there and back");
    }

    static async Task<byte[]> Read(Desk desk, CheckpointInfo checkpoint)
    {
        var bytes = new MemoryStream();
        await desk.Checkpoints.CopyTo(checkpoint, bytes);
        return bytes.ToArray();
    }

    /// <summary>Bytes that differ from chunk to chunk and take no memory.</summary>
    sealed class Repeating(long length) : Stream
    {
        long position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get => position; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count)
        {
            var take = (int)Math.Min(count, length - position);
            buffer.AsSpan(offset, take).Fill((byte)(position / 65_536));
            position += take;
            return take;
        }
    }
}
