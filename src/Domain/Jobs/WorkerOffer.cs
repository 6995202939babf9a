using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;

namespace KdRobust.Domain.Jobs;

/// <summary>What a slot offers; a job that asks for more, or for something else, is not taken.</summary>
/// <param name="Worker">The worker's name, unique among living workers.</param>
/// <param name="Threads">Cores still free.</param>
/// <param name="Device">cpu or cuda.</param>
public sealed record WorkerOffer(string Worker, int Threads, DeviceKind Device)
{
    /// <summary>Names it was started with; a job may require some of them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>GPU memory that is free, in MiB; null when nobody can tell, and then any job is taken.</summary>
    public int? FreeGpuMemoryMiB { get; init; }

    /// <summary>Kinds of jobs its build computes, each with the version of its numbers; exactly these are taken.</summary>
    public IReadOnlyDictionary<string, int> Kinds { get; init; } = ResultsVersions.Known;

    /// <summary>Where it runs and on which device of that host: nothing is taken while the device is in quarantine. Null for a device nobody keeps count of.</summary>
    public DeviceName? On { get; init; }
}

/// <summary>A device of a host.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Device">On it, e.g. <c>cpu</c> or <c>cuda:0</c>.</param>
public sealed record DeviceName(string Host, string Device);
