using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Keys;

/// <summary>Who a key speaks for.</summary>
public sealed record ApiKeyView(Guid Id, string Owner, ApiKeyRole Role, string Label, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

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
        if (!LooksLikeKey(key))
            throw new ArgumentException($"a key is '{Prefix}' and 43 characters of base64url; got {key.Length} characters", nameof(key));
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute(
            "INSERT INTO api_key (id, hash, owner, role, label) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING",
            [Guid.CreateVersion7(), Hash(key), owner, role.ToString(), label], ct);
    }

    /// <summary>Who a key speaks for; null when it is unknown or revoked.</summary>
    public async Task<ApiKeyView?> Find(string key, CancellationToken ct = default)
    {
        if (!LooksLikeKey(key))
            return null;
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows($"SELECT {Columns} FROM api_key WHERE hash = $1 AND revoked_at IS NULL", [Hash(key)], Read, ct)).SingleOrDefault();
    }

    /// <summary>Every key, revoked ones too, oldest first.</summary>
    public async Task<IReadOnlyList<ApiKeyView>> List(CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows($"SELECT {Columns} FROM api_key ORDER BY created_at", [], Read, ct);
    }

    /// <summary>Ends a key.</summary>
    /// <returns>False when there is none of that id that was not revoked.</returns>
    public async Task<bool> Revoke(Guid id, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Execute("UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL", [id], ct) == 1;
    }

    const string Columns = "id, owner, role, label, created_at, revoked_at";

    static ApiKeyView Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), Enum.Parse<ApiKeyRole>(reader.GetString(2)), reader.GetString(3),
        reader.GetFieldValue<DateTimeOffset>(4), reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5));

    static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
