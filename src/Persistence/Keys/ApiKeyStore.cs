using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Keys;

/// <summary>Who a key speaks for, and until when; never the key itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Label">What it is for, in its maker's words.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="RevokedAt">Since when it opens nothing; null while it does.</param>
/// <param name="ExpiresAt">When it stops by itself; null for never.</param>
/// <param name="LastUsedAt">When it was used, to within some minutes; null for never.</param>
/// <param name="Replaces">The key it took the place of.</param>
public sealed record ApiKeyView(
    Guid Id, string Owner, ApiKeyRole Role, string Label, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt,
    DateTimeOffset? ExpiresAt = null, DateTimeOffset? LastUsedAt = null, Guid? Replaces = null);

/// <summary>API keys. Only their SHA-256 is stored: they are 256 random bits, so nothing slower is needed to guard them.</summary>
public sealed class ApiKeyStore(NpgsqlDataSource database)
{
    const string Prefix = "kdr_";

    /// <summary>A new key, which nothing but the caller will ever know.</summary>
    public static string NewKey() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>True when a text can be a key: saves asking the database about anything else.</summary>
    public static bool LooksLikeKey(string text) => text.Length == Prefix.Length + 43 && text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Stores a key's hash; the same key again changes nothing.</summary>
    /// <exception cref="ArgumentException">It is not a key of <see cref="NewKey"/>'s form.</exception>
    public async Task Add(string key, string owner, ApiKeyRole role, string label, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await Insert(connection, key, owner, role, label, null, null, ct);
    }

    /// <summary>Makes a key.</summary>
    /// <param name="owner">Whose.</param>
    /// <param name="role">What it may do.</param>
    /// <param name="label">What it is for.</param>
    /// <param name="lifetime">How long it opens anything; null for ever.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The key, which nobody will ever be told again, and what is stored of it.</returns>
    public async Task<(string Key, ApiKeyView View)> Create(string owner, ApiKeyRole role, string label, TimeSpan? lifetime, CancellationToken ct = default)
    {
        var key = NewKey();
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var view = (await Insert(connection, key, owner, role, label, lifetime, null, ct))!;
        await Act.Record(connection, $"key:{view.Id}", $"created for {owner}, {role.ToString().ToLowerInvariant()}", ct);
        await transaction.CommitAsync(ct);
        return (key, view);
    }

    /// <summary>Makes a key in place of another, of the same owner, role and label, and of as long a life; the old one opens for a grace period more.</summary>
    /// <param name="id">The old key.</param>
    /// <param name="owner">Whose it must be; null for anybody's.</param>
    /// <param name="grace">How long both open; the old one's own end comes first if it is sooner.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Null when there is no such key, it opens nothing any more, or another took its place already.</returns>
    public async Task<(string Key, ApiKeyView View)?> Rotate(Guid id, string? owner, TimeSpan grace, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var old = (await connection.Rows($"SELECT {Columns} FROM api_key WHERE id = $1 AND ($2::text IS NULL OR owner = $2) AND {Opens} AND NOT EXISTS (SELECT 1 FROM api_key next WHERE next.replaces = api_key.id) FOR UPDATE", [id, owner], Read, ct)).SingleOrDefault();
        if (old is null) return null;
        var key = NewKey();
        var view = (await Insert(connection, key, old.Owner, old.Role, old.Label, old.ExpiresAt - old.CreatedAt, id, ct))!;
        await connection.Execute("UPDATE api_key SET expires_at = least(expires_at, clock_timestamp() + $2) WHERE id = $1", [id, grace], ct);
        await Act.Record(connection, $"key:{id}", $"rotated: key:{view.Id}", ct);
        await transaction.CommitAsync(ct);
        return (key, view);
    }

    /// <summary>Who a key speaks for; null when it is unknown, revoked or has expired.</summary>
    public async Task<ApiKeyView?> Find(string key, CancellationToken ct = default)
    {
        if (!LooksLikeKey(key))
            return null;
        return await database.AskBriefly(async connection =>
        {
            var found = (await connection.Rows(
                $"SELECT {Columns}, coalesce(last_used_at < clock_timestamp() - interval '10 min', true) FROM api_key WHERE hash = $1 AND {Opens}",
                [Hash(key)], reader => (View: Read(reader), Note: reader.GetBoolean(9)), ct)).SingleOrDefault();
            if (found.Note)
                await connection.Execute("UPDATE api_key SET last_used_at = clock_timestamp() WHERE id = $1", [found.View.Id], ct);
            return found.View;
        }, ct);
    }

    /// <summary>Keys, revoked and expired ones too, newest first.</summary>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="before">The id of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<ApiKeyView>> List(string? owner, Guid? before, int limit, CancellationToken ct = default)
    {
        // Ids are in the order of time.
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            $"SELECT {Columns} FROM api_key WHERE ($1::text IS NULL OR owner = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3", [owner, before, limit], Read, ct);
    }

    /// <summary>A key, or null when there is none or it is somebody else's.</summary>
    public async Task<ApiKeyView?> Find(Guid id, string? owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows($"SELECT {Columns} FROM api_key WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [id, owner], Read, ct)).SingleOrDefault();
    }

    /// <summary>True as long as a key opens anything: it was not revoked, and has not expired by the database's clock.</summary>
    public async Task<bool> StillOpens(Guid id, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<Guid?>(WhichOpen, [new[] { id }], ct) is not null;
    }

    /// <summary>Ends a key at once.</summary>
    /// <returns>False when there is none of that id that was not revoked.</returns>
    public async Task<bool> Revoke(Guid id, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.Execute("UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL", [id], ct) == 0)
            return false;
        await Act.Record(connection, $"key:{id}", "revoked", ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Which of some keys ($1: their ids) open anything, for those who ask it along with something else.</summary>
    internal const string WhichOpen = $"SELECT id FROM api_key WHERE id = ANY($1) AND {Opens}";

    /// <summary>Sees to it that whoever acts under a key may still do so; null for who acts under none.</summary>
    /// <exception cref="KeyEndedException">It opens nothing any more.</exception>
    internal static async Task Check(NpgsqlConnection connection, Guid? key, CancellationToken ct)
    {
        if (key is { } id && await connection.Value<Guid?>(WhichOpen, [new[] { id }], ct) is null) throw new KeyEndedException();
    }

    const string Columns = "id, owner, role, label, created_at, revoked_at, expires_at, last_used_at, replaces";
    const string Opens = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())";

    static async Task<ApiKeyView?> Insert(
        NpgsqlConnection connection, string key, string owner, ApiKeyRole role, string label, TimeSpan? lifetime, Guid? replaces, CancellationToken ct)
    {
        if (!LooksLikeKey(key))
            throw new ArgumentException($"a key is '{Prefix}' and 43 characters of base64url; got {key.Length} characters", nameof(key));
        return (await connection.Rows(
            $"""
            INSERT INTO api_key (id, hash, owner, role, label, expires_at, replaces) VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::interval, $7)
            ON CONFLICT (hash) DO NOTHING RETURNING {Columns}
            """,
            [Guid.CreateVersion7(), Hash(key), owner, role.ToString(), label, lifetime, replaces], Read, ct)).SingleOrDefault();
    }

    static ApiKeyView Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), Enum.Parse<ApiKeyRole>(reader.GetString(2)), reader.GetString(3),
        reader.GetFieldValue<DateTimeOffset>(4), reader.Time(5), reader.Time(6), reader.Time(7), reader.IsDBNull(8) ? null : reader.GetGuid(8));

    static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
