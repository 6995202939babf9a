using System.Text.Json;
using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Local;

/// <summary>A process of the local service by its name.</summary>
sealed record ServiceProcess(string Name, ProcessIdentity Process);

/// <summary>
/// Who runs the local service of a checkout and where it answers: .kdr/run/service.json, written by the process that
/// keeps it (its host) and believed only while that process lives.
/// </summary>
/// <param name="Host">The process that started the others and ends them.</param>
/// <param name="Verb">What it was started as: <c>up</c> or <c>demo</c>.</param>
/// <param name="Address">Where the API answers.</param>
/// <param name="KeyFile">File with an admin key.</param>
/// <param name="Database">Connection string; its socket lies in a folder only its owner may enter.</param>
/// <param name="DataFolder">Where the workers look for images; null when no folder was found.</param>
/// <param name="StartedAt">When it was ready.</param>
/// <param name="Processes">PostgreSQL, the API and the workers, in the order they were started.</param>
sealed record ServiceRecord(
    ProcessIdentity Host, string Verb, string Address, string KeyFile, string Database, string? DataFolder, DateTimeOffset StartedAt,
    IReadOnlyList<ServiceProcess> Processes)
{
    /// <summary>
    /// Where a browser signs in by itself: the page takes the key out of the fragment, which no request and no log ever holds.
    /// For a person's terminal alone; the bare address where the key cannot be read.
    /// </summary>
    [JsonIgnore]
    public string SignInLink
    {
        get
        {
            try
            {
                return $"{Address}/#key={File.ReadAllText(KeyFile).Trim()}";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return Address;
            }
        }
    }

    static string PathIn(LocalFolders folders) => Path.Combine(folders.Run, "service.json");

    /// <summary>The running service of a checkout; null when none runs, whatever an earlier one left behind.</summary>
    public static ServiceRecord? Running(LocalFolders folders) => Left(folders) is { Host.Alive: true } record ? record : null;

    /// <summary>What stands in the file, whether its host lives or not.</summary>
    public static ServiceRecord? Left(LocalFolders folders)
    {
        try
        {
            return JsonSerializer.Deserialize<ServiceRecord>(File.ReadAllText(PathIn(folders)), SpecJson.Options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // None, not ours to read, or of an older build.
        }
    }

    /// <summary>Writes it so that a reader sees the old or the new one, never half of it.</summary>
    public void Write(LocalFolders folders)
    {
        LocalFolders.MakePrivate(folders.Run);
        var aside = PathIn(folders) + ".new";
        File.WriteAllText(aside, JsonSerializer.Serialize(this, SpecJson.Indented) + "\n");
        File.SetUnixFileMode(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(aside, PathIn(folders), overwrite: true);
    }

    public static void Remove(LocalFolders folders) => File.Delete(PathIn(folders));
}
