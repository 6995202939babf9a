namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>What was built beside these tests.</summary>
static class Programs
{
    /// <summary>artifacts/ of the checkout these tests were built in.</summary>
    public static string Artifacts { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    public static string Cli { get; } = Of("Cli");

    /// <summary>The program of a project, e.g. Api, in the configuration of these tests.</summary>
    public static string Of(string project) =>
        Path.Combine(Artifacts, "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), $"KdRobust.{project}.dll");

    /// <summary>A program of this build, e.g. <c>Api</c>.</summary>
    public static string Assembly(string project) =>
        Path.Combine(Artifacts, "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), $"KdRobust.{project}.dll");

    public static bool NativeIsBuilt => Directory.Exists(Path.Combine(Artifacts, "native")) && Directory.GetFiles(Path.Combine(Artifacts, "native"), "libkdr_torch.so", SearchOption.AllDirectories).Length > 0;

    /// <summary>The sample spec: a teacher, a student, two attacks, on procedural images.</summary>
    public static string Spec { get; } = Path.Combine(AppContext.BaseDirectory, "Samples", "small.json");
}
