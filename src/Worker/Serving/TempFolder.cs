namespace KdRobust.Worker.Serving;

/// <summary>Where a slot's run processes put temporary files: emptied for each new process, and bounded.</summary>
/// <param name="path">The folder; nobody else's.</param>
/// <param name="limit">Bytes it may hold.</param>
sealed class TempFolder(string path, long limit)
{
    internal string Path => path;

    internal long Limit => limit;

    /// <summary>Makes it empty: what a process that was killed left there is of no use to anybody.</summary>
    internal void Sweep()
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
    }

    /// <summary>True when it holds more than it may.</summary>
    internal bool IsTooFull()
    {
        long bytes = 0;
        var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        if (!Directory.Exists(path))
            return false;
        foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", everything))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Temporary files come and go.
            }
            if (bytes > limit)
                return true;
        }
        return false;
    }
}
