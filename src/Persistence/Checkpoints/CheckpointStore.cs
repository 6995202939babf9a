using System.Security.Cryptography;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Schema;
using Npgsql;
using NpgsqlTypes;

namespace KdRobust.Persistence.Checkpoints;

/// <summary>Content whose chunks are stored but which no checkpoint names yet.</summary>
/// <param name="Chunks">SHA-256 and length of each, in order.</param>
/// <param name="Bytes">Length in all.</param>
/// <param name="Sha256">Of the whole, lower-case hex.</param>
public sealed record StoredContent(IReadOnlyList<(byte[] Sha256, int Length)> Chunks, long Bytes, string Sha256);

/// <summary>A stored checkpoint and the job it belongs to.</summary>
public sealed record CheckpointOfJob(Guid JobId, string JobName, string Owner, CheckpointInfo Info);

/// <summary>A stored checkpoint does not have the bytes it was stored with.</summary>
public sealed class DamagedCheckpointException(Guid checkpoint, string what)
    : Exception($"checkpoint {checkpoint} is damaged: {what}")
{
    /// <summary>Which one.</summary>
    public Guid Checkpoint { get; } = checkpoint;
}

/// <summary>
/// Files of jobs in the database: content-addressed chunks, stored once however many checkpoints hold them, streamed
/// both ways with the memory of one chunk, and visible only from the fenced transaction that registers them.
/// </summary>
public sealed class CheckpointStore(NpgsqlDataSource database)
{
    /// <summary>Resume points kept of a job: the newest, and one to fall back to if it turns out damaged.</summary>
    public const int KeptResumePoints = 2;

    internal const string InfoColumns =
        "checkpoint.id, checkpoint.role, checkpoint.name, checkpoint.epoch, checkpoint.step, checkpoint.bytes, checkpoint.sha256";

    /// <summary>
    /// Stores the chunks of a stream, read to its end. Nothing is visible before <see cref="Register"/>; chunks that are never
    /// registered are collected. A stream cannot be read twice, so a chunk is sent again while the weather is bad.
    /// </summary>
    /// <param name="content">Where the bytes come from.</param>
    /// <param name="ct">Gives up, bad weather or not.</param>
    public async Task<StoredContent> Write(Stream content, CancellationToken ct = default)
    {
        var buffer = new byte[ChunkSize.Written];
        var chunks = new List<(byte[], int)>();
        var bytes = 0L;
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
            if (length == 0)
                break;
            var chunk = buffer.AsMemory(0, length);
            whole.AppendData(chunk.Span);
            var hash = SHA256.HashData(chunk.Span);
            await WriteThroughWeather(hash, chunk, ct);
            chunks.Add((hash, length));
            bytes += length;
        }
        return new StoredContent(chunks, bytes, Convert.ToHexStringLower(whole.GetHashAndReset()));
    }

    /// <summary>
    /// Makes stored content a checkpoint of a running job, together with the metrics that belong to it. A new resume point
    /// ends the count of crashes and replaces all but the <see cref="KeptResumePoints"/> newest.
    /// </summary>
    /// <returns>Null when the lease is gone; nothing was written then.</returns>
    public async Task<CheckpointInfo?> Register(
        JobLease lease, CheckpointRole role, string name, int epoch, int step, StoredContent content, IReadOnlyList<MetricPoint> metrics, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await MetricStore.Append(connection, lease, metrics, ct))
            return null;
        var info = new CheckpointInfo(Guid.CreateVersion7(), role, name, epoch, step, content.Bytes, content.Sha256);
        await connection.Execute(
            "INSERT INTO checkpoint (id, job_id, fence, role, name, epoch, step, bytes, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [info.Id, lease.JobId, lease.Fence, role.ToString(), name, epoch, step, content.Bytes, content.Sha256], ct);
        await connection.Execute(
            """
            INSERT INTO checkpoint_chunk (checkpoint_id, ordinal, sha256, length)
            SELECT $1, part.ordinal - 1, part.sha256, part.length FROM unnest($2::bytea[], $3::int[]) WITH ORDINALITY AS part(sha256, length, ordinal)
            """,
            [info.Id, content.Chunks.Select(chunk => chunk.Sha256).ToArray(), content.Chunks.Select(chunk => chunk.Length).ToArray()], ct);
        if (role == CheckpointRole.Resume)
        {
            await connection.Execute("UPDATE job SET crash_count = 0 WHERE id = $1", [lease.JobId], ct);
            await connection.Execute(
                """
                DELETE FROM checkpoint WHERE job_id = $1 AND role = 'Resume' AND id NOT IN (
                    SELECT id FROM checkpoint WHERE job_id = $1 AND role = 'Resume' AND damaged_at IS NULL ORDER BY seq DESC LIMIT $2)
                """,
                [lease.JobId, KeptResumePoints], ct);
        }
        await transaction.CommitAsync(ct);
        return info;
    }

    /// <summary>Writes a checkpoint's bytes to a stream, checking each chunk before it passes it on.</summary>
    /// <exception cref="DamagedCheckpointException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    public async Task CopyTo(CheckpointInfo checkpoint, Stream destination, CancellationToken ct = default)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkSize.Largest];
        var bytes = 0L;
        for (var ordinal = 0; bytes < checkpoint.Bytes; ordinal++)
        {
            var chunk = await ReadChunk(checkpoint.Id, ordinal, buffer, ct);
            whole.AppendData(chunk.Span);
            await destination.WriteAsync(chunk, ct);
            bytes += chunk.Length;
        }
        if (bytes != checkpoint.Bytes || Convert.ToHexStringLower(whole.GetHashAndReset()) != checkpoint.Sha256)
            throw new DamagedCheckpointException(checkpoint.Id, $"its chunks together are not the {checkpoint.Bytes} bytes of SHA-256 {checkpoint.Sha256}");
    }

    /// <summary>Takes a damaged checkpoint out of use, so that the one before it is offered.</summary>
    public async Task MarkDamaged(Guid checkpoint, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.Execute("UPDATE checkpoint SET damaged_at = clock_timestamp() WHERE id = $1 AND damaged_at IS NULL", [checkpoint], ct);
    }

    /// <summary>The newest undamaged resume point of a job, or null.</summary>
    public async Task<CheckpointInfo?> LatestResume(Guid job, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await LatestResume(connection, job, ct);
    }

    /// <summary>The newest undamaged output of a name, or null.</summary>
    public async Task<CheckpointInfo?> LatestOutput(Guid job, string name, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows(
            $"SELECT {InfoColumns} FROM checkpoint WHERE job_id = $1 AND role = 'Output' AND name = $2 AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1",
            [job, name], reader => ReadInfo(reader, 0), ct)).SingleOrDefault();
    }

    /// <summary>A checkpoint, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="checkpoint">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<CheckpointOfJob?> Find(Guid checkpoint, string? owner, CancellationToken ct = default) =>
        (await Select("checkpoint.id = $1 AND ($2::text IS NULL OR job.owner = $2)", [checkpoint, owner], ct)).SingleOrDefault();

    /// <summary>The undamaged checkpoints of a job, oldest first.</summary>
    public async Task<IReadOnlyList<CheckpointInfo>> OfJob(Guid job, CancellationToken ct = default) =>
        [.. (await Select("checkpoint.job_id = $1 AND checkpoint.damaged_at IS NULL", [job], ct)).Select(found => found.Info)];

    /// <summary>Deletes chunks that nothing names and no writer has touched for a while (an upload under way has not named its chunks yet).</summary>
    /// <returns>How many.</returns>
    public async Task<int> CollectGarbage(TimeSpan untouchedFor, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Execute(
            """
            DELETE FROM chunk WHERE touched_at < clock_timestamp() - $1
                AND NOT EXISTS (SELECT 1 FROM checkpoint_chunk part WHERE part.sha256 = chunk.sha256)
            """,
            [untouchedFor], ct);
    }

    internal static async Task<CheckpointInfo?> LatestResume(NpgsqlConnection connection, Guid job, CancellationToken ct) =>
        (await connection.Rows(
            $"SELECT {InfoColumns} FROM checkpoint WHERE job_id = $1 AND role = 'Resume' AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1",
            [job], reader => ReadInfo(reader, 0), ct)).SingleOrDefault();

    internal static CheckpointInfo ReadInfo(NpgsqlDataReader reader, int column) => new(
        reader.GetGuid(column), Enum.Parse<CheckpointRole>(reader.GetString(column + 1)), reader.GetString(column + 2),
        reader.GetInt32(column + 3), reader.GetInt32(column + 4), reader.GetInt64(column + 5), reader.GetString(column + 6));

    async Task<List<CheckpointOfJob>> Select(string condition, object?[] values, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            $"SELECT job.id, job.name, job.owner, {InfoColumns} FROM checkpoint JOIN job ON job.id = checkpoint.job_id WHERE {condition} ORDER BY checkpoint.seq",
            values, reader => new CheckpointOfJob(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), ReadInfo(reader, 3)), ct);
    }

    async Task WriteThroughWeather(byte[] hash, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond)))
        {
            try
            {
                await WriteChunk(hash, content, ct);
                return;
            }
            catch (Exception error) when (!ct.IsCancellationRequested && Database.IsWeather(error))
            {
                await Task.Delay(pause, ct);
            }
        }
    }

    async Task WriteChunk(byte[] hash, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // Touching a chunk that is there keeps the collector off it, and saves sending it.
        if (await connection.Execute("UPDATE chunk SET touched_at = clock_timestamp() WHERE sha256 = $1", [hash], ct) == 1)
            return;
        await using var insert = new NpgsqlCommand(
            "INSERT INTO chunk (sha256, content) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET touched_at = clock_timestamp()", connection)
        {
            Parameters = { new() { Value = hash }, new() { Value = content, NpgsqlDbType = NpgsqlDbType.Bytea } },
            CommandTimeout = 60,
        };
        await insert.ExecuteNonQueryAsync(ct);
    }

    async Task<ReadOnlyMemory<byte>> ReadChunk(Guid checkpoint, int ordinal, byte[] buffer, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var command = connection.Statement(
            "SELECT part.sha256, chunk.content FROM checkpoint_chunk part LEFT JOIN chunk ON chunk.sha256 = part.sha256 WHERE part.checkpoint_id = $1 AND part.ordinal = $2",
            checkpoint, ordinal);
        command.CommandTimeout = 60;
        await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, ct);
        if (!await reader.ReadAsync(ct))
            throw new DamagedCheckpointException(checkpoint, $"chunk {ordinal} is not listed");
        var expected = await reader.GetFieldValueAsync<byte[]>(0, ct);
        if (await reader.IsDBNullAsync(1, ct))
            throw new DamagedCheckpointException(checkpoint, $"chunk {ordinal} is gone");
        await using var content = await reader.GetStreamAsync(1, ct);
        if (content.Length > buffer.Length)
            throw new DamagedCheckpointException(checkpoint, $"chunk {ordinal} has {content.Length} bytes, at most {buffer.Length} were stored");
        var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (!SHA256.HashData(buffer.AsSpan(0, length)).AsSpan().SequenceEqual(expected))
            throw new DamagedCheckpointException(checkpoint, $"chunk {ordinal} does not have the SHA-256 it was stored under");
        return buffer.AsMemory(0, length);
    }
}
