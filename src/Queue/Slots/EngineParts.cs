using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdRobust.Queue.Slots;

/// <summary>What a worker offers to the queue.</summary>
/// <param name="Worker">Its name.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Slots">Jobs it can run at the same time: its GPUs, or its cores.</param>
/// <param name="Cores">Cores its jobs may use together.</param>
public sealed record EngineSettings(string Worker, DeviceKind Device, int Slots, int Cores)
{
    /// <summary>Labels it offers.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

/// <summary>What an engine is made of.</summary>
/// <param name="Database">The pool, for engines that keep something of their own beside the rows.</param>
/// <param name="Jobs">The rows.</param>
/// <param name="Feed">Changes of rows; hears of every topic the engine asks it for.</param>
/// <param name="Handler">What a slot does with a job.</param>
/// <param name="Settings">What the worker offers.</param>
/// <param name="Lease">The lease's times.</param>
/// <param name="Time">The monotonic clock.</param>
/// <param name="Loggers">Where to log.</param>
public sealed record EngineParts(
    NpgsqlDataSource Database, JobStore Jobs, ChangeFeed Feed, IJobHandler Handler, EngineSettings Settings, LeaseSettings Lease, TimeProvider Time, ILoggerFactory Loggers);
