namespace KdRobust.Chaos;

/// <summary>What a service under fire is made of.</summary>
public sealed record ArenaSettings
{
    /// <summary>The assembly of a project of ours, e.g. of <c>Api</c>, built.</summary>
    public required Func<string, string> Assembly { get; init; }

    /// <summary>The project whose program works: ActionWorker, whose runs follow scripts, or Worker.</summary>
    public string WorkerProject { get; init; } = "ActionWorker";

    /// <summary>Workers.</summary>
    public int Workers { get; init; } = 3;

    /// <summary>Replicas of the API.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Seconds of a lease.</summary>
    public int Lease { get; init; } = 3;

    /// <summary>Seconds a run may take to stop.</summary>
    public int Drain { get; init; } = 2;

    /// <summary>MiB of the database's own disk, where one can be made.</summary>
    public int DatabaseMiB { get; init; } = 600;

    /// <summary>MiB of a worker's own scratch disk, where one can be made.</summary>
    public int ScratchMiB { get; init; } = 64;

    /// <summary>False to keep every process on this machine, e.g. to measure it.</summary>
    public bool OwnHosts { get; init; } = true;

    /// <summary>Takes a line about what happens.</summary>
    public Action<string> Say { get; init; } = _ => { };
}
