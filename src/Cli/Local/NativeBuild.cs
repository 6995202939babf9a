namespace KdRobust.Cli.Local;

/// <summary>The native half of the tensor library as it was built here.</summary>
/// <param name="File">The shared library.</param>
/// <param name="Libtorch">Version of the libtorch it is for.</param>
/// <param name="Cuda">True when that libtorch can use a GPU; null when the build left no note.</param>
/// <param name="LibtorchPath">Where that libtorch was; null when the build left no note.</param>
sealed record NativeBuild(string File, string Libtorch, bool? Cuda, string? LibtorchPath)
{
    const string FileName = "libkdr_torch.so";

    /// <summary>The newest build; null when there is none.</summary>
    public static NativeBuild? Find(LocalFolders folders)
    {
        var native = Path.Combine(folders.Root, "artifacts", "native");
        if (!Directory.Exists(native)) return null;
        var file = Directory.GetDirectories(native).Where(folder => !Path.GetFileName(folder).StartsWith('.')).Select(folder => Path.Combine(folder, FileName)).Where(System.IO.File.Exists).OrderByDescending(System.IO.File.GetLastWriteTimeUtc).FirstOrDefault();
        if (file is null) return null;
        var version = Path.GetFileName(Path.GetDirectoryName(file)!);
        // build.sh notes "VERSION cuda|no PATH" beside each build.
        var note = Directory.GetDirectories(native, $".build-{version}-*").Select(folder => Path.Combine(folder, "libtorch.txt")).FirstOrDefault(System.IO.File.Exists);
        var words = note is null ? [] : System.IO.File.ReadAllText(note).Split(' ', 3, StringSplitOptions.TrimEntries);
        return new(file, version, words.Length > 1 ? words[1] is not ("no" or "0" or "OFF" or "FALSE") : null, words.Length > 2 ? words[2] : null);
    }

    /// <summary>Says in one line what to do when nothing can be computed here.</summary>
    public static void Require(LocalFolders folders)
    {
        if (Find(folders) is null && Environment.GetEnvironmentVariable("KDR_TORCH_NATIVE") is null && !System.IO.File.Exists(Path.Combine(AppContext.BaseDirectory, FileName)))
            throw new CommandFailedException(ExitCode.Failed, $"the native part ({FileName}) is not built, so no worker could compute: start this through ./kdr, which builds it, or install libtorch first (apt-get install libtorch-dev, or LIBTORCH=folder)");
    }
}
