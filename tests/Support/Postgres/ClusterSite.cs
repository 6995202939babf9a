namespace KdRobust.Support;

/// <summary>Where and how a cluster of a test's own runs.</summary>
public sealed record ClusterSite
{
    /// <summary>A free port on which it listens as well; 0 for the socket only.</summary>
    public int TcpPort { get; init; }

    /// <summary>The addresses for that port, as PostgreSQL's listen_addresses.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>True when what was committed must outlive a crash of the server.</summary>
    public bool Durable { get; init; }

    /// <summary>MiB of a disk of its own, on a host of its own; 0 for none. Only where <see cref="LinuxHost.Missing"/> is null.</summary>
    public int DiskMiB { get; init; }

    /// <summary>More settings, as <c>name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}
