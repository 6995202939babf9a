using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Models;

/// <summary>A file of weights that was uploaded.</summary>
/// <param name="Id">Its id; nobody outside needs it.</param>
/// <param name="Seq">Its place in the order of arrival: the cursor of lists.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hex: how specs name it.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Bytes">Length.</param>
/// <param name="CreatedAt">When it became visible.</param>
public sealed record ModelFile(Guid Id, long Seq, string Owner, string Sha256, string Name, long Bytes, DateTimeOffset CreatedAt);

/// <summary>A job that has not ended and reads an uploaded file.</summary>
public sealed record ModelFileUser(Guid JobId, string Name);

/// <summary>What became of a request to delete an uploaded file.</summary>
/// <param name="Found">False when there is none.</param>
/// <param name="Users">The jobs that need it; it is kept while there are any.</param>
public sealed record ModelFileDeletion(bool Found, IReadOnlyList<ModelFileUser> Users);

/// <summary>An uploaded file does not have the bytes it was stored with.</summary>
public sealed class DamagedModelFileException(ModelFile file, string what, Exception? inner = null)
    : Exception($"the uploaded file '{file.Name}' is damaged: {what}; upload it again with kdr import FILE, which mends it", inner);

/// <summary>A spec imports files that its owner has not uploaded.</summary>
public sealed class ModelFilesMissingException(IReadOnlySet<string> sha256)
    : Exception($"not uploaded: {string.Join(", ", sha256)}")
{
    /// <summary>Which.</summary>
    public IReadOnlySet<string> Sha256 { get; } = sha256;
}

/// <summary>
/// Files of weights that were trained elsewhere, as their owners uploaded them, unread: each owner's apart, their bytes in the
/// same chunks as checkpoints, visible only when whole.
/// </summary>
/// <param name="database">The pool.</param>
/// <param name="time">For chunks that wait to be named while a slow upload goes on.</param>
public sealed class ModelFileStore(NpgsqlDataSource database, TimeProvider time)
{
    // Somebody waits for the answer: longer than a restart of the server takes, and no longer.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    const string Columns = "file.id, file.seq, file.owner, file.sha256, file.name, file.bytes, file.created_at";

    readonly ChunkStore chunks = new(database, time);

    /// <summary>Stores the chunks of a stream, read to its end. Nothing is visible before <see cref="Register"/>; chunks that are never registered are collected.</summary>
    public Task<StoredContent> Write(Stream content, CancellationToken ct = default) => chunks.Write(content, Patience, null, ct);

    /// <summary>Makes stored content, which must not be empty, a file of an owner.</summary>
    /// <returns>The file, and false when this owner had it already: then it keeps its first name.</returns>
    public async Task<(ModelFile File, bool Created)> Register(string owner, string name, StoredContent content, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.LockOwner(owner, ct);
        if (await Find(connection, owner, content.Sha256, ct) is { } known)
            return (known, false);
        var file = (await connection.Rows(
            $"INSERT INTO model_file AS file (id, owner, sha256, name, bytes, list_sha256) VALUES ($1, $2, $3, $4, $5, $6) RETURNING {Columns}",
            [Guid.CreateVersion7(), owner, content.Sha256, name, content.Bytes, content.ListSha256], Read, ct)).Single();
        await ChunkStore.Name(connection, ChunkList.OfModelFile, file.Id, content, ct);
        await Act.Record(connection, $"model:{file.Sha256}", "created", ct);
        await transaction.CommitAsync(ct);
        return (file, true);
    }

    /// <summary>A file of an owner, or null.</summary>
    public async Task<ModelFile?> Find(string owner, string sha256, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await Find(connection, owner, sha256, ct);
    }

    /// <summary>The file of a job's owner, or null when the job's owner has none of that content.</summary>
    public async Task<ModelFile?> OfJob(Guid job, string sha256, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows(
            $"SELECT {Columns} FROM model_file file JOIN job ON job.owner = file.owner WHERE job.id = $1 AND file.sha256 = $2", [job, sha256], Read, ct)).SingleOrDefault();
    }

    /// <summary>Files, newest first.</summary>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="before">The <see cref="ModelFile.Seq"/> of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<ModelFile>> List(string? owner, long? before, int limit, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            $"SELECT {Columns} FROM model_file file WHERE ($1::text IS NULL OR file.owner = $1) AND ($2::bigint IS NULL OR file.seq < $2) ORDER BY file.seq DESC LIMIT $3",
            [owner, before, limit], Read, ct);
    }

    /// <summary>Writes a file's bytes to a stream, checking each chunk before it passes it on.</summary>
    /// <exception cref="DamagedModelFileException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    public async Task CopyTo(ModelFile file, Stream destination, CancellationToken ct = default)
    {
        try
        {
            await chunks.CopyTo(ChunkList.OfModelFile, file.Id, file.Bytes, file.Sha256, destination, ct);
        }
        catch (DamagedContentException damage)
        {
            throw new DamagedModelFileException(file, damage.Message, damage);
        }
    }

    /// <summary>Writes a part of a file's bytes to a stream, checking each chunk before it passes it on.</summary>
    /// <exception cref="DamagedModelFileException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    public async Task CopyTo(ModelFile file, long from, long count, Stream destination, CancellationToken ct = default)
    {
        try
        {
            await chunks.CopyTo(ChunkList.OfModelFile, file.Id, from, count, destination, ct);
        }
        catch (DamagedContentException damage)
        {
            throw new DamagedModelFileException(file, damage.Message, damage);
        }
    }

    /// <summary>Deletes a file unless a job that has not ended reads it; its chunks are collected later, where nothing else holds them.</summary>
    public async Task<ModelFileDeletion> Delete(string owner, string sha256, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.LockOwner(owner, ct);
        if (await Find(connection, owner, sha256, ct) is not { } file)
            return new ModelFileDeletion(false, []);
        var users = await connection.Rows(
            $"""
            SELECT id, name FROM job
            WHERE owner = $1 AND kind = '{ImportPayload.Kind}' AND payload -> 'file' ->> 'sha256' = $2 AND state NOT IN ('Succeeded', 'Failed', 'Cancelled')
            ORDER BY seq
            """,
            [owner, sha256], reader => new ModelFileUser(reader.GetGuid(0), reader.GetString(1)), ct);
        if (users.Count > 0)
            return new ModelFileDeletion(true, users);
        await connection.Execute("DELETE FROM model_file WHERE id = $1", [file.Id], ct);
        await Act.Record(connection, $"model:{sha256}", "deleted", ct);
        await transaction.CommitAsync(ct);
        return new ModelFileDeletion(true, []);
    }

    /// <summary>Refuses what needs files that an owner does not have; the caller holds the owner's lock.</summary>
    /// <exception cref="ModelFilesMissingException">Some are missing.</exception>
    internal static async Task Require(NpgsqlConnection connection, string owner, IEnumerable<string> sha256, CancellationToken ct)
    {
        var missing = sha256.ToHashSet(StringComparer.Ordinal);
        if (missing.Count == 0)
            return;
        missing.ExceptWith(await connection.Rows(
            "SELECT sha256 FROM model_file WHERE owner = $1 AND sha256 = ANY($2)", [owner, missing.ToArray()], reader => reader.GetString(0), ct));
        if (missing.Count > 0)
            throw new ModelFilesMissingException(missing);
    }

    static async Task<ModelFile?> Find(NpgsqlConnection connection, string owner, string sha256, CancellationToken ct) =>
        (await connection.Rows($"SELECT {Columns} FROM model_file file WHERE file.owner = $1 AND file.sha256 = $2", [owner, sha256], Read, ct)).SingleOrDefault();

    static ModelFile Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt64(5), reader.GetFieldValue<DateTimeOffset>(6));
}
