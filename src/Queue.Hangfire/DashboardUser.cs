namespace KdRobust.Queue.Hangfire;

/// <summary>The person at Hangfire's pages in whose name the present request changes something.</summary>
public static class DashboardUser
{
    static readonly AsyncLocal<string?> Now = new();

    /// <summary>Null outside of a person's request: what Hangfire itself would like counts for nothing.</summary>
    internal static string? Present => Now.Value;

    /// <summary>Makes this the person of everything the caller goes on to await.</summary>
    /// <param name="owner">Whose key was shown.</param>
    public static void Begin(string owner) => Now.Value = owner;
}
