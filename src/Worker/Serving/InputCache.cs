using System.Security.Cryptography;

namespace KdRobust.Worker.Serving;

/// <summary>
/// Local copies of stored checkpoints and uploaded files, named by their SHA-256 and checked before each use. Bounded: what was used longest
/// ago goes first, never what a job uses now. Workers may share the folder.
/// </summary>
sealed class InputCache(string folder, long limit)
{
    readonly Lock guard = new();
    readonly Dictionary<string, int> pinned = new(StringComparer.Ordinal);

    /// <summary>A local file with the bytes of stored content; kept at least until it is disposed.</summary>
    /// <param name="sha256">Of the content, lower-case hex.</param>
    /// <param name="copyTo">Writes the content to a stream, checked, or throws: then nothing is kept.</param>
    /// <param name="ct">Gives up.</param>
    internal async Task<CachedFile> Get(string sha256, Func<Stream, CancellationToken, Task> copyTo, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        Pin(sha256, 1);
        try
        {
            var path = Path.Combine(folder, sha256);
            if (!await Holds(path, sha256, ct))
                await Download(copyTo, path, ct);
            File.SetLastAccessTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
            Evict();
            return new CachedFile(this, sha256, path);
        }
        catch
        {
            Pin(sha256, -1);
            throw;
        }
    }

    static async Task Download(Func<Stream, CancellationToken, Task> copyTo, string path, CancellationToken ct)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
                await copyTo(file, ct);
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
