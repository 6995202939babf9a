namespace KdRobust.Persistence.Backups;

/// <summary>What making a scheduled backup did.</summary>
/// <param name="File">The backup of this time.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Made">False when another program had made it already.</param>
/// <param name="Removed">Backups that were more than are kept.</param>
public sealed record ScheduledBackup(string File, long Bytes, bool Made, IReadOnlyList<string> Removed);

/// <summary>Backups of given times in one folder, of which the newest are kept. Other files in it are left alone.</summary>
/// <param name="connectionString">Database to back up.</param>
/// <param name="folder">Where to.</param>
/// <param name="kept">How many.</param>
public sealed class ScheduledBackups(string connectionString, string folder, int kept)
{
    // What a person backed up into the same folder is not ours to delete.
    const string Prefix = "scheduled-";

    /// <summary>Makes the backup of a due time unless it is there, then deletes the oldest beyond those kept.</summary>
    /// <exception cref="BackupException">It cannot be made; nothing is deleted then.</exception>
    public async Task<ScheduledBackup> Make(DateTimeOffset due, CancellationToken ct = default)
    {
        var file = Path.Combine(folder, Prefix + DatabaseBackup.FileName(due));
        var made = !File.Exists(BackupManifest.PathOf(file));
        if (made)
            await new DatabaseBackup(connectionString).Write(file, ct);
        var removed = Whole().SkipLast(kept).ToList();
        foreach (var old in removed)
        {
            // The manifest first: without it the dump counts no more.
            File.Delete(BackupManifest.PathOf(old));
            File.Delete(old);
        }
        return new ScheduledBackup(file, new FileInfo(file).Length, made, [.. removed.Select(path => Path.GetFileName(path)!)]);
    }

    /// <summary>Whole backups by the times in their names, oldest first.</summary>
    IEnumerable<string> Whole() =>
        Directory.EnumerateFiles(folder, Prefix + "kdrobust-????????T??????Z.dump").Where(file => File.Exists(BackupManifest.PathOf(file))).Order(StringComparer.Ordinal);
}
