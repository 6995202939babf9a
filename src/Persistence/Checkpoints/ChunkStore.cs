using System.Security.Cryptography;
using KdRobust.Persistence.Schema;
using Npgsql;
using NpgsqlTypes;

namespace KdRobust.Persistence.Checkpoints;

/// <summary>Content whose chunks are stored but which nothing names yet.</summary>
/// <param name="Chunks">SHA-256 and length of each, in order.</param>
/// <param name="Bytes">Length in all.</param>
/// <param name="Sha256">Of the whole, lower-case hex.</param>
public sealed record StoredContent(IReadOnlyList<(byte[] Sha256, int Length)> Chunks, long Bytes, string Sha256)
{
    /// <summary>SHA-256 over those of the chunks in their order: where they and each chunk are what they were, so is the whole, and nobody has to hash it again.</summary>
    internal byte[] ListSha256
    {
        get
        {
            using var list = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var (sha256, _) in Chunks) list.AppendData(sha256);
            return list.GetHashAndReset();
        }
    }
}

/// <summary>A table that says which chunks make up a content, in order: columns ordinal, sha256, length.</summary>
/// <param name="Contents">The table of contents, by id, with the SHA-256 of each one's list.</param>
/// <param name="Table">The table.</param>
/// <param name="Key">Its column that names the content.</param>
sealed record ChunkList(string Contents, string Table, string Key)
{
    internal static readonly ChunkList OfCheckpoint = new("checkpoint", "checkpoint_chunk", "checkpoint_id");
    internal static readonly ChunkList OfModelFile = new("model_file", "model_file_chunk", "model_file_id");

    /// <summary>Every table that keeps chunks from being collected.</summary>
    internal static readonly IReadOnlyList<ChunkList> All = [OfCheckpoint, OfModelFile];
}

/// <summary>Stored content does not have the bytes it was stored with.</summary>
sealed class DamagedContentException(string what) : Exception(what);

/// <summary>
/// Content as chunks named by their SHA-256: stored once however many contents hold them, streamed both ways with the memory
/// of a few chunks, checked on the way out.
/// </summary>
/// <param name="database">The pool.</param>
/// <param name="time">Tells when chunks that wait to be named must be touched again.</param>
sealed class ChunkStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Chunks that are on their way out of the database while another one is passed on, each over a connection of its own.</summary>
    const int Ahead = 2;

    /// <summary>How long chunks of a writer that is still writing stay untouched; the collector waits several times as long.</summary>
    internal static readonly TimeSpan TouchedEvery = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Stores the chunks of a stream, read to its end. Chunks that nothing names afterwards are collected. A stream cannot be
    /// read twice, so a chunk is sent again while the weather is bad.
    /// </summary>
    /// <param name="content">Where the bytes come from.</param>
    /// <param name="patience">How long bad weather is waited out for one chunk; infinite for as long as <paramref name="ct"/> allows.</param>
    /// <param name="postponed">Told of bad weather; null for nobody.</param>
    /// <param name="ct">Gives up, bad weather or not.</param>
    internal async Task<StoredContent> Write(Stream content, TimeSpan patience, Action<Exception>? postponed, CancellationToken ct)
    {
        var buffer = new byte[ChunkSize.Written];
        var chunks = new List<(byte[] Sha256, int Length)>();
        var bytes = 0L;
        var touched = time.GetTimestamp();
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
            if (time.GetElapsedTime(touched) > TouchedEvery)
            {
                await ThroughWeather(() => Touch(chunks, ct), patience, postponed, ct);
                touched = time.GetTimestamp();
            }
            if (length == 0)
                break;
            var chunk = buffer.AsMemory(0, length);
            whole.AppendData(chunk.Span);
            var hash = SHA256.HashData(chunk.Span);
            await ThroughWeather(() => WriteChunk(hash, chunk, ct), patience, postponed, ct);
            chunks.Add((hash, length));
            bytes += length;
        }
        return new StoredContent(chunks, bytes, Convert.ToHexStringLower(whole.GetHashAndReset()));
    }

    /// <summary>Lists stored content's chunks under a name, inside the caller's transaction.</summary>
    internal static Task<int> Name(NpgsqlConnection connection, ChunkList list, Guid id, StoredContent content, CancellationToken ct) =>
        connection.Execute(
            $"""
            INSERT INTO {list.Table} ({list.Key}, ordinal, sha256, length)
            SELECT $1, part.ordinal - 1, part.sha256, part.length FROM unnest($2::bytea[], $3::int[]) WITH ORDINALITY AS part(sha256, length, ordinal)
            """,
            [id, content.Chunks.Select(chunk => chunk.Sha256).ToArray(), content.Chunks.Select(chunk => chunk.Length).ToArray()], ct);

    /// <summary>
    /// Writes named content to a stream, checking each chunk before it passes it on, and their list at the end. Content that was
    /// stored without a list's SHA-256 is hashed as a whole instead.
    /// </summary>
    /// <exception cref="DamagedContentException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    internal async Task CopyTo(ChunkList list, Guid id, long length, string sha256, Stream destination, CancellationToken ct)
    {
        var (expectedList, chunks, largest) = await Listed(list, id, ct);
        using var seen = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        // While one chunk is passed on the next one is checked and the one after it comes.
        var coming = new Queue<Task<(ReadOnlyMemory<byte> Bytes, byte[] Sha256)>>(Ahead);
        var buffers = new byte[Math.Min(chunks, Ahead + 1)][];
        var asked = 0;
        void AskNext()
        {
            if (asked == chunks) return;
            coming.Enqueue(ReadChunk(list, id, asked, buffers[asked % buffers.Length] ??= new byte[largest], ct));
            asked++;
        }
        try
        {
            for (var i = 0; i < Ahead; i++) AskNext();
            while (coming.TryDequeue(out var next))
            {
                var chunk = await next;
                AskNext();
                bytes += chunk.Bytes.Length;
                if (expectedList is null) seen.AppendData(chunk.Bytes.Span);
                else seen.AppendData(chunk.Sha256);
                await destination.WriteAsync(chunk.Bytes, ct);
            }
        }
        finally
        {
            await ((Task)Task.WhenAll(coming)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (bytes != length || !seen.GetHashAndReset().AsSpan().SequenceEqual(expectedList ?? Convert.FromHexString(sha256)))
            throw new DamagedContentException($"its chunks together are not the {length} bytes of SHA-256 {sha256}");
    }

    /// <summary>Writes a part of named content to a stream; each chunk it needs is checked, the whole is not.</summary>
    /// <param name="list">Which kind of content.</param>
    /// <param name="id">Its name.</param>
    /// <param name="from">First byte.</param>
    /// <param name="count">So many; not past the end.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="DamagedContentException">A chunk is missing or changed; what was written until then is right but not whole.</exception>
    internal async Task CopyTo(ChunkList list, Guid id, long from, long count, Stream destination, CancellationToken ct)
    {
        // Every chunk but the last has the same length, so the first one tells where to begin.
        var length = await ChunkLength(list, id, ct) ?? throw new DamagedContentException("chunk 0 is not listed");
        var buffer = new byte[ChunkSize.Largest];
        var skip = (int)(from % length);
        for (var ordinal = (int)(from / length); count > 0; ordinal++)
        {
            var chunk = (await ReadChunk(list, id, ordinal, buffer, ct)).Bytes[skip..];
            if (chunk.Length == 0) throw new DamagedContentException($"chunk {ordinal} is too short");
            var part = chunk[..(int)Math.Min(chunk.Length, count)];
            await destination.WriteAsync(part, ct);
            (count, skip) = (count - part.Length, 0);
        }
    }

    /// <summary>The SHA-256 of a content's list (null for one stored without), how many chunks it has, and the longest one's length.</summary>
    Task<(byte[]? Sha256, int Chunks, int Largest)> Listed(ChunkList list, Guid id, CancellationToken ct) => database.Ask(
        async connection => (await connection.Rows(
            $"SELECT list_sha256, part.chunks, part.largest FROM {list.Contents}, LATERAL (SELECT count(*)::int AS chunks, coalesce(max(length), 0) AS largest FROM {list.Table} WHERE {list.Key} = $1) part WHERE id = $1",
            [id], row => (row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0), row.GetInt32(1), row.GetInt32(2)), ct)).SingleOrDefault(), ct);

    async Task<int?> ChunkLength(ChunkList list, Guid id, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<int?>($"SELECT length FROM {list.Table} WHERE {list.Key} = $1 AND ordinal = 0", [id], ct);
    }

    /// <summary>Deletes chunks that nothing names and no writer has touched for a while (one that is still writing has not named its chunks yet).</summary>
    /// <returns>How many.</returns>
    internal async Task<int> CollectGarbage(TimeSpan untouchedFor, CancellationToken ct)
    {
        var unnamed = string.Concat(ChunkList.All.Select(list => $" AND NOT EXISTS (SELECT 1 FROM {list.Table} part WHERE part.sha256 = chunk.sha256)"));
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Execute($"DELETE FROM chunk WHERE touched_at < clock_timestamp() - $1{unnamed}", [untouchedFor], ct);
    }

    async Task ThroughWeather(Func<Task> action, TimeSpan patience, Action<Exception>? postponed, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond)))
        {
            try
            {
                await action();
                return;
            }
            catch (Exception error) when (!ct.IsCancellationRequested && Database.IsWeather(error)
                && (patience == Timeout.InfiniteTimeSpan || time.GetElapsedTime(begun) < patience))
            {
                postponed?.Invoke(error);
                await Task.Delay(pause, ct);
            }
        }
    }

    async Task Touch(List<(byte[] Sha256, int Length)> chunks, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.Execute("UPDATE chunk SET touched_at = clock_timestamp() WHERE sha256 = ANY($1)", [chunks.Select(chunk => chunk.Sha256).ToArray()], ct);
    }

    async Task WriteChunk(byte[] hash, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // Touching a chunk that is there keeps the collector off it, and saves sending it. One that is damaged is replaced.
        if (await connection.Execute("UPDATE chunk SET touched_at = clock_timestamp() WHERE sha256 = $1 AND sha256(content) = $1", [hash], ct) == 1)
            return;
        await using var insert = new NpgsqlCommand(
            "INSERT INTO chunk (sha256, content) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET touched_at = clock_timestamp(), content = excluded.content", connection)
        {
            Parameters = { new() { Value = hash }, new() { Value = content, NpgsqlDbType = NpgsqlDbType.Bytea } },
            CommandTimeout = 60,
        };
        await insert.ExecuteNonQueryAsync(ct);
    }

    Task<(ReadOnlyMemory<byte> Bytes, byte[] Sha256)> ReadChunk(ChunkList list, Guid id, int ordinal, byte[] buffer, CancellationToken ct) => database.Ask(async connection =>
    {
        await using var command = connection.Statement(
            $"SELECT part.sha256, chunk.content FROM {list.Table} part LEFT JOIN chunk ON chunk.sha256 = part.sha256 WHERE part.{list.Key} = $1 AND part.ordinal = $2",
            id, ordinal);
        command.CommandTimeout = 60;
        await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, ct);
        if (!await reader.ReadAsync(ct))
            throw new DamagedContentException($"chunk {ordinal} is not listed");
        var expected = await reader.GetFieldValueAsync<byte[]>(0, ct);
        if (await reader.IsDBNullAsync(1, ct))
            throw new DamagedContentException($"chunk {ordinal} is gone");
        await using var content = await reader.GetStreamAsync(1, ct);
        if (content.Length > buffer.Length)
            throw new DamagedContentException($"chunk {ordinal} has {content.Length} bytes, at most {buffer.Length} were stored");
        var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (!SHA256.HashData(buffer.AsSpan(0, length)).AsSpan().SequenceEqual(expected))
            throw new DamagedContentException($"chunk {ordinal} does not have the SHA-256 it was stored under");
        return ((ReadOnlyMemory<byte>)buffer.AsMemory(0, length), expected);
    }, ct);
}
