using System.Collections.Frozen;
using System.Security.Cryptography;

namespace KdRobust.Api.Dashboard;

/// <summary>A file of the page as it goes out.</summary>
/// <param name="ContentType">Media type.</param>
/// <param name="ETag">Quoted hash of the content.</param>
/// <param name="Named">True when the file's name holds a hash of its content: then it never changes.</param>
/// <param name="Plain">Its bytes.</param>
/// <param name="Brotli">The same compressed, where that is shorter.</param>
/// <param name="Gzip">The same for who does not know Brotli.</param>
sealed record PageFile(string ContentType, string ETag, bool Named, byte[] Plain, byte[]? Brotli, byte[]? Gzip);

/// <summary>
/// The built page, read once: it is a few hundred kilobytes, nothing of a request's address ever reaches the file system, and it was
/// compressed when it was built.
/// </summary>
sealed class PageFiles
{
    /// <summary>Where it is inside <c>wwwroot</c> and what it is called when a person asks.</summary>
    public const string Start = "/index.html";

    static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8", [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8", [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    readonly FrozenDictionary<string, PageFile> files;

    /// <summary>Reads the folder; a folder that is not there is a page without files.</summary>
    /// <param name="folder">The built page.</param>
    public PageFiles(string folder) => files = !Directory.Exists(folder)
        ? FrozenDictionary<string, PageFile>.Empty
        : Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => Types.ContainsKey(Path.GetExtension(path)))
            .ToFrozenDictionary(path => "/" + Path.GetRelativePath(folder, path).Replace('\\', '/'), Read, StringComparer.Ordinal);

    /// <summary>The file at an address, or null.</summary>
    public PageFile? Find(string address) => files.GetValueOrDefault(address);

    static PageFile Read(string path)
    {
        var plain = File.ReadAllBytes(path);
        return new(
            Types[Path.GetExtension(path)], $"\"{Convert.ToHexStringLower(SHA256.HashData(plain))[..32]}\"",
            Path.GetFileName(Path.GetDirectoryName(path)) == "assets", plain, Beside(".br"), Beside(".gz"));

        byte[]? Beside(string extension) => File.Exists(path + extension) ? File.ReadAllBytes(path + extension) : null;
    }
}
