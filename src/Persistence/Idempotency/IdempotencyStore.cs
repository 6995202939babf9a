using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Idempotency;

/// <summary>A request under an Idempotency-Key.</summary>
/// <param name="Key">What its client chose.</param>
/// <param name="Route">Method and address.</param>
/// <param name="BodyHash">SHA-256 of the body as far as it was read; asked when the effect is committed, which is after all of it was.</param>
public sealed record IdempotentRequest(string Key, string Route, Func<byte[]> BodyHash);

/// <summary>A request that was carried out before.</summary>
/// <param name="Route">Its method and address.</param>
/// <param name="BodyHash">SHA-256 of its body.</param>
/// <param name="Effect">What it changed; null when nothing.</param>
/// <param name="Answer">What was answered; null when the answer was not kept.</param>
public sealed record EarlierRequest(string Route, byte[] BodyHash, string? Effect, KeptAnswer? Answer);

/// <summary>An answer to give again.</summary>
public sealed record KeptAnswer(int Status, string? ContentType, string? Location, byte[] Body);

/// <summary>
/// One effect a key: an owner's request is carried out by one program at a time, what it changed is written down in its own
/// transaction, and its answer is kept for a day.
/// </summary>
public sealed class IdempotencyStore(NpgsqlDataSource database) : IDisposable
{
    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    /// <summary>Longest key, in characters.</summary>
    public const int LongestKey = 200;

    // Each holds a connection while it waits for its turn and works with another: the pool must never be all waiters.
    readonly SemaphoreSlim places = new(24);

    /// <summary>Waits for the turn of an owner's key. The server gives the turn on when its holder's connection ends, however that happens.</summary>
    /// <returns>Null when the turn did not come in time; else what ends the turn.</returns>
    public async Task<IAsyncDisposable?> Hold(string owner, string key, TimeSpan patience, CancellationToken ct = default)
    {
        if (!await places.WaitAsync(patience, ct)) return null;
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.OpenLiving(ct);
            // Both are one transaction, with which the patience ends; the lock stays the session's.
            await using var take = await connection.Together(
                ct,
                ("SELECT set_config('lock_timeout', $1, true)", [FormattableString.Invariant($"{(int)patience.TotalMilliseconds}ms")]),
                ("SELECT pg_advisory_lock(hashtextextended($1, 1))", [$"{owner}\n{key}"]));
            take.Timeout = (int)patience.TotalSeconds + 5;
            await take.ExecuteNonQueryAsync(ct);
            return new Turn(connection, places, $"{owner}\n{key}");
        }
        catch (PostgresException late) when (late.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await Leave(connection!);
            return null;
        }
        catch
        {
            if (connection is null) places.Release();
            else await Leave(connection);
            throw;
        }
    }

    /// <summary>What an owner did under a key within <see cref="Remembered"/>, or null.</summary>
    public async Task<EarlierRequest?> Find(string owner, string key, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.Rows(
            "SELECT route, body_hash, effect, status, content_type, location, answer FROM idempotency WHERE owner = $1 AND key = $2 AND created_at > clock_timestamp() - $3",
            [owner, key, Remembered],
            reader => new EarlierRequest(
                reader.GetString(0), reader.GetFieldValue<byte[]>(1), reader.Text(2),
                reader.IsDBNull(3) || reader.IsDBNull(6) ? null : new KeptAnswer(reader.GetInt32(3), reader.Text(4), reader.Text(5), reader.GetFieldValue<byte[]>(6))), ct)).SingleOrDefault();
    }

    /// <summary>Keeps the answer of a request that was carried out.</summary>
    /// <param name="owner">Whose.</param>
    /// <param name="request">Which; its whole body has been read.</param>
    /// <param name="status">The status answered.</param>
    /// <param name="answer">The answer; null where it must not be kept.</param>
    /// <param name="ct">Gives up.</param>
    public async Task Complete(string owner, IdempotentRequest request, int status, KeptAnswer? answer, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.Execute(
            """
            INSERT INTO idempotency (owner, key, route, body_hash, status, content_type, location, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (owner, key) DO UPDATE SET route = $3, body_hash = $4, status = $5, content_type = $6, location = $7, answer = $8,
                created_at = clock_timestamp(), effect = CASE WHEN idempotency.created_at > clock_timestamp() - $9 THEN idempotency.effect END
            """,
            [owner, request.Key, request.Route, request.BodyHash(), status, answer?.ContentType, answer?.Location, answer?.Body, Remembered], ct);
    }

    /// <summary>Forgets what is older than <see cref="Remembered"/>.</summary>
    /// <returns>How many.</returns>
    public async Task<int> Forget(CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Execute("DELETE FROM idempotency WHERE created_at < clock_timestamp() - $1", [Remembered], ct);
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    /// <summary>Writes down, inside the transaction that does it, that a request was carried out: a program that dies before it answers leaves that behind.</summary>
    internal static (string Sql, object?[] Values) Keep(string owner, IdempotentRequest request, string effect) => (
        """
        INSERT INTO idempotency (owner, key, route, body_hash, effect) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (owner, key) DO UPDATE SET route = $3, body_hash = $4, status = NULL, answer = NULL, created_at = clock_timestamp(), effect = $5
        """,
        [owner, request.Key, request.Route, request.BodyHash(), effect]);

    /// <summary>Gives a connection back on which the lock may have been taken all the same: who gives up is not told.</summary>
    async Task Leave(NpgsqlConnection connection)
    {
        try
        {
            await GiveBack(connection, "SELECT pg_advisory_unlock_all()", []);
        }
        finally
        {
            places.Release();
        }
    }

    static async Task GiveBack(NpgsqlConnection connection, string sql, object?[] values)
    {
        try
        {
            if (connection.State == System.Data.ConnectionState.Open) await connection.Execute(sql, values, CancellationToken.None);
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            // The server has ended the connection, and with it the lock.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    sealed class Turn(NpgsqlConnection connection, SemaphoreSlim places, string name) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await GiveBack(connection, "SELECT pg_advisory_unlock(hashtextextended($1, 1))", [name]);
            }
            finally
            {
                places.Release();
            }
        }
    }
}
