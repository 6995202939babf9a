namespace KdRobust.Domain.Runs;

/// <summary>
/// How a process that computes keeps its managed memory small. What it holds is tensors, outside the managed heap; inside
/// are only their short-lived handles, and the collector would let megabytes of those gather, up to the size of the
/// processor's cache, before it looks. A run of many draws or steps would then peak higher than a short one.
/// </summary>
public static class RunProcessMemory
{
    /// <summary>Environment variables for whoever starts such a process: the runtime reads them before any code of ours runs, and takes this one from nowhere else.</summary>
    /// <value>A budget of 4 MiB for the youngest generation, hexadecimal as the runtime wants it.</value>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_GCgen0size"] = "400000" };
}
