namespace KdRobust.Support;

/// <summary>The checkout the tests run from.</summary>
public static class Repository
{
    /// <summary>Its root folder: KDR_ROOT where it is set, else the nearest one above the test assembly that holds KdRobust.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file or folder below the root.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        if (Environment.GetEnvironmentVariable("KDR_ROOT") is { Length: > 0 } named && File.Exists(Path.Combine(named, "KdRobust.sln"))) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KdRobust.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no KdRobust.sln above {AppContext.BaseDirectory}: run the tests from a checkout");
    }
}
