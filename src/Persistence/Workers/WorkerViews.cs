namespace KdRobust.Persistence.Workers;

/// <summary>What a supervisor says of itself when it starts.</summary>
/// <param name="Name">Unique among living workers.</param>
/// <param name="Host">Where it runs.</param>
/// <param name="ProcessId">Of the supervisor.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Cores">Cores it offers.</param>
/// <param name="Build">Version of its code.</param>
/// <param name="Libtorch">As its run processes reported; null before the first did.</param>
public sealed record WorkerInfo(string Name, string Host, int ProcessId, string Device, int Cores, string Build, string? Libtorch)
{
    /// <summary>Labels it was started with.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Kinds of jobs its build computes, each with the version of its numbers.</summary>
    public IReadOnlyDictionary<string, int> Kinds { get; init; } = new Dictionary<string, int>();
}

/// <summary>What a worker says of itself now and then.</summary>
/// <param name="Libtorch">As its run processes reported; null before the first did.</param>
/// <param name="FreeCores">Cores no job uses.</param>
/// <param name="ImagesPerSecond">Of its running jobs together, as they said last.</param>
/// <param name="Devices">Its devices as last read.</param>
public sealed record WorkerReading(string? Libtorch, int FreeCores, double ImagesPerSecond, IReadOnlyList<DeviceReading> Devices);

/// <summary>A device as its host's tools read it.</summary>
/// <param name="Device">On its host, e.g. <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Name">E.g. <c>NVIDIA H100 80GB HBM3</c>; null where nothing tells.</param>
/// <param name="MemoryTotalMiB">Memory in MiB; null where nothing tells.</param>
/// <param name="MemoryUsedMiB">Of it used, by anybody.</param>
/// <param name="Utilisation">Share of the last moment it computed, in [0,1].</param>
public sealed record DeviceReading(string Device, string? Name, int? MemoryTotalMiB, int? MemoryUsedMiB, double? Utilisation);

/// <summary>A worker as people see it.</summary>
/// <param name="Info">What it said of itself.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="LastSeen">When it was last heard of.</param>
/// <param name="Alive">Heard of within the last 30 s by the database's clock, and not stopped.</param>
/// <param name="Jobs">Names of the jobs it holds, of those the reader may see.</param>
public sealed record WorkerView(WorkerInfo Info, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool Alive, IReadOnlyList<string> Jobs)
{
    /// <summary>Cores no job uses, as it said last.</summary>
    public int FreeCores { get; init; }

    /// <summary>Images a second of its running jobs together, as it said last.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>Its devices as last read.</summary>
    public IReadOnlyList<DeviceReading> Devices { get; init; } = [];

    /// <summary>Since when it shall take no more work; null when it may.</summary>
    public DateTimeOffset? DrainRequestedAt { get; init; }

    /// <summary>Who asked for that.</summary>
    public string? DrainRequestedBy { get; init; }

    /// <summary>Devices of its that are in quarantine, each with the reason.</summary>
    public IReadOnlyDictionary<string, string> Quarantined { get; init; } = new Dictionary<string, string>();
}
