using Microsoft.Extensions.Logging;

namespace KdRobust.Worker;

/// <summary>Every message of the worker.</summary>
static partial class WorkerLog
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "worker {Name} serves {Slots} slots on {Device} with {Cores} cores, engine {Engine}; scratch in {Scratch}")]
    internal static partial void Serving(ILogger log, string name, int slots, string device, int cores, string engine, string scratch);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "draining: jobs stop at their next step and go back to the queue")]
    internal static partial void Draining(ILogger log);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "stopped")]
    internal static partial void Stopped(ILogger log);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Information, Message = "asked to drain: jobs stop at their next step and go back to the queue; no new ones are taken until that is withdrawn")]
    internal static partial void Resting(ILogger log);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Information, Message = "takes work again")]
    internal static partial void GoesOn(ILogger log);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Error, Message = "device {Device} failed: {Error}")]
    internal static partial void HardwareError(ILogger log, string device, string error);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Error, Message = "device {Device} of {Host} is in quarantine: it gets no work before somebody lifts that")]
    internal static partial void Quarantined(ILogger log, string device, string host);

    [LoggerMessage(EventId = 3008, Level = LogLevel.Critical, Message = "a bug ended what this worker does besides its jobs; they stop at their next step and go back to the queue, and the worker ends")]
    internal static partial void Broken(ILogger log, Exception? bug);

    [LoggerMessage(EventId = 3009, Level = LogLevel.Error, Message = "no room in the scratch folder {Folder} ({Reason}): jobs go back to others, and none is taken before a file can be written there; trying again in {Seconds} s. Free some space, or start the worker with another --scratch")]
    internal static partial void NoRoom(ILogger log, string folder, string reason, double seconds);

    [LoggerMessage(EventId = 3010, Level = LogLevel.Information, Message = "slot {Slot}: run process {ProcessId} is ready with libtorch {Libtorch}, {Blas}")]
    internal static partial void RunProcessReady(ILogger log, int slot, int processId, string libtorch, string blas);

    [LoggerMessage(EventId = 3011, Level = LogLevel.Information, Message = "slot {Slot}: ended run process {ProcessId}: {Why}")]
    internal static partial void RunProcessEnded(ILogger log, int slot, int processId, string why);

    [LoggerMessage(EventId = 3012, Level = LogLevel.Error, Message = "slot {Slot}: no run process: {Reason}")]
    internal static partial void RunProcessMissing(ILogger log, int slot, string reason);

    [LoggerMessage(EventId = 3013, Level = LogLevel.Information, Message = "run process {ProcessId}: {Line}")]
    internal static partial void RunProcessSaid(ILogger log, int processId, string line);

    [LoggerMessage(EventId = 3020, Level = LogLevel.Information, Message = "{Name}: {Ending} after {Seconds} s")]
    internal static partial void JobEnded(ILogger log, string name, string ending, double seconds);

    [LoggerMessage(EventId = 3021, Level = LogLevel.Warning, Message = "{Name}: the database could not be told ({Reason}); trying again")]
    internal static partial void ReportPostponed(ILogger log, string name, string reason);

    [LoggerMessage(EventId = 3022, Level = LogLevel.Information, Message = "{Name}: checkpoint {Checkpoint} at epoch {Epoch} step {Step}, {Bytes} bytes")]
    internal static partial void CheckpointStored(ILogger log, string name, string checkpoint, int epoch, int step, long bytes);

    [LoggerMessage(EventId = 3023, Level = LogLevel.Warning, Message = "{Name}: resume point {Checkpoint} of epoch {Epoch} is damaged; taking the one before it")]
    internal static partial void ResumePointDamaged(ILogger log, string name, Guid checkpoint, int epoch);

    [LoggerMessage(EventId = 3024, Level = LogLevel.Information, Message = "{Name}: going on from epoch {Epoch} step {Step}")]
    internal static partial void Resuming(ILogger log, string name, int epoch, int step);

    [LoggerMessage(EventId = 3025, Level = LogLevel.Warning, Message = "{Name}: did not stop within {Seconds} s; killing run process {ProcessId}")]
    internal static partial void StopTooSlow(ILogger log, string name, double seconds, int processId);

    [LoggerMessage(EventId = 3026, Level = LogLevel.Error, Message = "{Name}: its temporary files in {Folder} exceed {MiB} MiB; killing run process {ProcessId}")]
    internal static partial void TempFilesTooLarge(ILogger log, string name, string folder, long mib, int processId);
}
