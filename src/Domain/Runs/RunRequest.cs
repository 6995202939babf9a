using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Runs;

/// <summary>One run, as a run process gets it: everything local, nothing of the database.</summary>
/// <param name="JobId">For logs and the device lock.</param>
/// <param name="Name">For people.</param>
/// <param name="Payload">What to compute.</param>
/// <param name="Inputs">Role to local file (safetensors).</param>
/// <param name="ResumeFrom">Local file of a resume point, or null.</param>
/// <param name="DataFolder">Folder that holds the data sets' folders, or null when none is known.</param>
public sealed record RunRequest(
    Guid JobId,
    string Name,
    JobPayload Payload,
    IReadOnlyDictionary<string, string> Inputs,
    string? ResumeFrom,
    string? DataFolder)
{
    /// <summary>Images of a training's pass in place of the payload's, after memory ran out; null otherwise.</summary>
    public int? MicroBatch { get; init; }
}

/// <summary>
/// A stop request that a run looks at between steps. Set once, from another thread.
/// </summary>
public sealed class StopSignal
{
    int _reason = -1;

    /// <summary>The reason, or null while the run may go on.</summary>
    public StopReason? Requested => Volatile.Read(ref _reason) is var r and >= 0 ? (StopReason)r : null;

    /// <summary>Asks for a stop; the first reason stays, but a cancel replaces a drain.</summary>
    public void Request(StopReason reason)
    {
        if (reason == StopReason.Cancel) Volatile.Write(ref _reason, (int)reason);
        else Interlocked.CompareExchange(ref _reason, (int)reason, -1);
    }
}

/// <summary>
/// A failure whose message is meant for a person and which the same input would meet again: a data file cut short, weights that do
/// not fit the network. The job fails for good with this message.
/// </summary>
public sealed class RunInputException(string message, Exception? inner = null) : Exception(message, inner);
