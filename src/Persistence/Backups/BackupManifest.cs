using System.Security.Cryptography;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Persistence.Backups;

/// <summary>What a backup is, beside it in a file of its own: a dump without one is not whole.</summary>
public sealed record BackupManifest
{
    /// <summary>The newest form this program reads.</summary>
    public const int NewestFormat = 1;

    public required int Format { get; init; }
    /// <summary>The moment the dump shows, on the database's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>Version of the program that made it.</summary>
    public required string Program { get; init; }
    /// <summary>The schema it was made of, as the names of its migrations.</summary>
    public required IReadOnlyList<string> Migrations { get; init; }
    /// <summary>As PostgreSQL numbers itself, e.g. 150020.</summary>
    public required int PostgresVersion { get; init; }
    /// <summary>Length of the dump.</summary>
    public required long Bytes { get; init; }
    /// <summary>Of the dump, lower-case hex.</summary>
    public required string Sha256 { get; init; }
    /// <summary>Rows in each table at that moment.</summary>
    public required IReadOnlyDictionary<string, long> Rows { get; init; }

    /// <summary>Where the manifest of a dump lies.</summary>
    public static string PathOf(string dump) => dump + ".json";

    /// <summary>Reads the manifest of a dump and compares the dump's bytes with it.</summary>
    /// <exception cref="BackupException">There is none, it is of a newer program, or the dump is not the one it describes.</exception>
    public static async Task<BackupManifest> ReadChecked(string dump, CancellationToken ct = default)
    {
        if (!File.Exists(dump))
            throw new BackupException($"there is no file {dump}");
        if (!File.Exists(PathOf(dump)))
            throw new BackupException($"{dump} has no manifest beside it ({PathOf(dump)}): the backup was broken off, or the two were parted");
        BackupManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<BackupManifest>(await File.ReadAllTextAsync(PathOf(dump), ct), SpecJson.Options) ?? throw new JsonException("it holds null");
        }
        catch (JsonException error)
        {
            throw new BackupException($"{PathOf(dump)} is no manifest of a backup this version can read: {error.Message}", error);
        }
        if (manifest.Format > NewestFormat)
            throw new BackupException($"{dump} is a backup of form {manifest.Format}, and this version reads up to {NewestFormat}: use the version that made it ({manifest.Program}) or a newer one");
        var (bytes, sha256) = await Measure(dump, ct);
        return bytes == manifest.Bytes && sha256 == manifest.Sha256
            ? manifest
            : throw new BackupException($"{dump} is damaged: {bytes} bytes of SHA-256 {sha256}, and its manifest says {manifest.Bytes} bytes of {manifest.Sha256}. Use another backup");
    }

    internal static async Task<(long Bytes, string Sha256)> Measure(string dump, CancellationToken ct)
    {
        await using var file = new FileStream(dump, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 1 << 20 });
        return (file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)));
    }
}

/// <summary>A backup or a restore did not happen; the message is for a person and says what to do. Nothing was changed.</summary>
public class BackupException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database a backup would be restored into is not empty, and nobody confirmed.</summary>
public sealed class DatabaseNotEmptyException(string database, long tables)
    : BackupException($"the database {database} is not empty ({tables} tables): restoring replaces everything in it. Say --yes to do so");
