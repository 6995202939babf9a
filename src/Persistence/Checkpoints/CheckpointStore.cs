using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Checkpoints;

/// <summary>A stored checkpoint and the job it belongs to.</summary>
public sealed record CheckpointOfJob(Guid JobId, string JobName, string Owner, CheckpointInfo Info);

/// <summary>A stored checkpoint does not have the bytes it was stored with.</summary>
public sealed class DamagedCheckpointException(Guid checkpoint, string what, Exception? inner = null)
    : Exception($"checkpoint {checkpoint} is damaged: {what}", inner)
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

    readonly ChunkStore chunks = new(database, TimeProvider.System);

    /// <summary>
    /// Stores the chunks of a stream, read to its end. Nothing is visible before <see cref="Register"/>; chunks that are never
    /// registered are collected. A stream cannot be read twice, so a chunk is sent again while the weather is bad.
    /// </summary>
    /// <param name="content">Where the bytes come from.</param>
    /// <param name="ct">Gives up, bad weather or not.</param>
    public Task<StoredContent> Write(Stream content, CancellationToken ct = default) => chunks.Write(content, Timeout.InfiniteTimeSpan, null, ct);

    /// <summary>The same for whoever wants to know of bad weather, e.g. of a full disk, which may last.</summary>
    /// <param name="content">Where the bytes come from.</param>
    /// <param name="postponed">Told each time that a chunk could not be stored and will be tried again.</param>
    /// <param name="ct">Gives up, bad weather or not.</param>
    public Task<StoredContent> Write(Stream content, Action<Exception> postponed, CancellationToken ct) => chunks.Write(content, Timeout.InfiniteTimeSpan, postponed, ct);

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
            return JobMeter.Late<CheckpointInfo?>("checkpoint", null);
        var info = new CheckpointInfo(Guid.CreateVersion7(), role, name, epoch, step, content.Bytes, content.Sha256);
        await connection.Execute(
            "INSERT INTO checkpoint (id, job_id, fence, role, name, epoch, step, bytes, sha256, list_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [info.Id, lease.JobId, lease.Fence, role.ToString(), name, epoch, step, content.Bytes, content.Sha256, content.ListSha256], ct);
        await ChunkStore.Name(connection, ChunkList.OfCheckpoint, info.Id, content, ct);
        if (role == CheckpointRole.Resume)
        {
            await connection.Execute("UPDATE job SET crash_count = 0, progress_at = clock_timestamp() WHERE id = $1", [lease.JobId], ct);
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
        try
        {
            await chunks.CopyTo(ChunkList.OfCheckpoint, checkpoint.Id, checkpoint.Bytes, checkpoint.Sha256, destination, ct);
        }
        catch (DamagedContentException damage)
        {
            throw new DamagedCheckpointException(checkpoint.Id, damage.Message, damage);
        }
    }

    /// <summary>Writes a part of a checkpoint's bytes to a stream, checking each chunk before it passes it on.</summary>
    /// <exception cref="DamagedCheckpointException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    public async Task CopyTo(CheckpointInfo checkpoint, long from, long count, Stream destination, CancellationToken ct = default)
    {
        try
        {
            await chunks.CopyTo(ChunkList.OfCheckpoint, checkpoint.Id, from, count, destination, ct);
        }
        catch (DamagedContentException damage)
        {
            throw new DamagedCheckpointException(checkpoint.Id, damage.Message, damage);
        }
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

    /// <summary>Deletes chunks that nothing names, no checkpoint and no uploaded file, and no writer has touched for a while (an upload under way has not named its chunks yet).</summary>
    /// <returns>How many.</returns>
    public Task<int> CollectGarbage(TimeSpan untouchedFor, CancellationToken ct = default) => chunks.CollectGarbage(untouchedFor, ct);

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
}
