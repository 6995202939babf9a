using KdRobust.Support;

namespace KdRobust.Architecture.Tests;

/// <summary>The working tree these tests were built from, read as files.</summary>
internal static class Checkout
{
    private static readonly string[] NotOurs = [".git", ".kdr", "artifacts", "data", "bin", "obj", "node_modules", "TestResults"];

    /// <summary>Absolute path of the folder that holds the solution.</summary>
    public static string Root => Repository.Root;

    /// <summary>The Release or Debug of the build under test, as in the output folders' names.</summary>
    private static string Configuration { get; } =
        new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;

    /// <summary>Names of the rooms: the projects directly under src/. A tool inside a room is not one.</summary>
    public static IReadOnlyList<string> SourceProjects { get; } =
        [.. Files("src", "*.csproj").Where(file => file.Count(c => c == '/') == 2)
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>Those of them that the default build has.</summary>
    public static IReadOnlyList<string> BuiltProjects { get; } = [.. SourceProjects.Except(Rooms.BehindSwitches)];

    public static string At(string relative) => Path.Combine(Root, relative);

    /// <summary>Paths relative to the root, with '/', of every file of ours under a folder.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Walk(new DirectoryInfo(At(folder)), pattern)
            .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    /// <summary>Where a project of ours was built in the configuration of this run.</summary>
    public static string Assembly(string project) =>
        At($"artifacts/bin/{project}/{Configuration}/KdRobust.{project}.dll");

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder, string pattern) =>
        folder.EnumerateFiles(pattern).Concat(folder.EnumerateDirectories()
            .Where(child => !NotOurs.Contains(child.Name) && child.LinkTarget is null)
            .SelectMany(child => Walk(child, pattern)));
}
