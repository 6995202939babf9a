using System.Security.Cryptography;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;

namespace KdRobust.Worker.Serving;

/// <summary>
/// Local copies of stored checkpoints, named by their SHA-256 and checked before each use. Bounded: what was used longest
/// ago goes first, never what a job uses now. Workers may share the folder.
/// </summary>
sealed class InputCache(CheckpointStore checkpoints, string folder, long limit)
{
    readonly Lock guard = new();
    readonly Dictionary<string, int> pinned = new(StringComparer.Ordinal);

    /// <summary>A local file with the bytes of a checkpoint; kept at least until it is disposed.</summary>
    /// <exception cref="DamagedCheckpointException">The database does not have those bytes any more.</exception>
    internal async Task<CachedFile> Get(CheckpointInfo checkpoint, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        Pin(checkpoint.Sha256, 1);
        try
        {
            var path = Path.Combine(folder, checkpoint.Sha256);
            if (!await Holds(path, checkpoint.Sha256, ct))
                await Download(checkpoint, path, ct);
            File.SetLastAccessTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
            Evict();
            return new CachedFile(this, checkpoint.Sha256, path);
        }
        catch
        {
            Pin(checkpoint.Sha256, -1);
            throw;
        }
    }

    async Task Download(CheckpointInfo checkpoint, string path, CancellationToken ct)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
                await checkpoints.CopyTo(checkpoint, file, ct);
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    static async Task<bool> Holds(string path, string sha256, CancellationToken ct)
    {
        if (!File.Exists(path))
            return false;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.Asynchronous);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)) == sha256;
    }

    void Evict()
    {
        lock (guard)
        {
            var files = new DirectoryInfo(folder).GetFiles().OrderBy(file => file.LastAccessTimeUtc).ToList();
            var bytes = files.Sum(file => file.Length);
            foreach (var file in files.Where(file => !pinned.ContainsKey(file.Name) && file.Extension != ".part"))
            {
                if (bytes <= limit)
                    return;
                bytes -= file.Length;
                file.Delete();
            }
        }
    }

    void Pin(string name, int change)
    {
        lock (guard)
        {
            var count = pinned.GetValueOrDefault(name) + change;
            if (count == 0)
                pinned.Remove(name);
            else
                pinned[name] = count;
        }
    }

    /// <summary>A file that stays until it is disposed.</summary>
    internal sealed class CachedFile(InputCache cache, string name, string path) : IDisposable
    {
        internal string Path { get; } = path;

        public void Dispose() => cache.Pin(name, -1);
    }
}
