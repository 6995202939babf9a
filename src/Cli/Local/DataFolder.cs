namespace KdRobust.Cli.Local;

/// <summary>A folder with images, and what is in it.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Named">True when it was named by <c>--data</c> or <c>KDR_DATA</c>.</param>
/// <param name="HasMini">It holds cifar10-mini/.</param>
/// <param name="HasWhole">It holds cifar-10-batches-bin/, from which the mini set can be cut.</param>
sealed record DataFolder(string Path, bool Named, bool HasMini, bool HasWhole)
{
    public const string Variable = "KDR_DATA";

    /// <summary>True when it holds any images.</summary>
    public bool HasImages => HasMini || HasWhole;

    /// <summary>
    /// The named folder; else ./data of the checkout; else what <c>kdr data fetch</c> downloaded; null when none of the
    /// latter two holds images.
    /// </summary>
    /// <exception cref="CommandFailedException">A folder was named that is not there.</exception>
    public static DataFolder? Find(LocalFolders folders, string? named, Func<string, string?> environment)
    {
        named ??= environment(Variable) is { Length: > 0 } set ? set : null;
        if (named is not null)
            return Directory.Exists(named)
                ? Look(System.IO.Path.GetFullPath(named), true)
                : throw new CommandFailedException(ExitCode.Usage, $"the data folder {named} does not exist: --data or {Variable} must name the folder that holds cifar10-mini/ or cifar-10-batches-bin/");
        return ((string[])[System.IO.Path.Combine(folders.Root, "data"), folders.FetchedData]).Select(path => Look(path, false)).FirstOrDefault(folder => folder.HasImages);
    }

    static DataFolder Look(string path, bool named) =>
        new(path, named, File.Exists(System.IO.Path.Combine(path, "cifar10-mini", "train.bin")), File.Exists(System.IO.Path.Combine(path, "cifar-10-batches-bin", "test_batch.bin")));
}
