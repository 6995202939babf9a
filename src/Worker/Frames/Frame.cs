using System.Text.Json.Serialization;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Worker.Frames;

/// <summary>
/// What supervisor and run process say to each other. A frame is the length of its header (4 bytes, little-endian), the
/// header as JSON, and for a chunk its bytes. The two always come from one build; the version tells when they do not.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(ProgressFrame), "progress")]
[JsonDerivedType(typeof(MetricsFrame), "metrics")]
[JsonDerivedType(typeof(CheckpointBegin), "checkpoint-begin")]
[JsonDerivedType(typeof(CheckpointChunk), "checkpoint-chunk")]
[JsonDerivedType(typeof(CheckpointEnd), "checkpoint-end")]
[JsonDerivedType(typeof(ResultFrame), "result")]
[JsonDerivedType(typeof(StoppedFrame), "stopped")]
[JsonDerivedType(typeof(FailedFrame), "failed")]
[JsonDerivedType(typeof(JobFrame), "job")]
[JsonDerivedType(typeof(StopFrame), "stop")]
abstract record Frame
{
    /// <summary>Of the language as a whole: raised with any change of a frame.</summary>
    internal const int Version = 1;
}

/// <summary>Run process: I hold my device and can compute.</summary>
/// <param name="Language"><see cref="Frame.Version"/> of the sender.</param>
/// <param name="Compute">What it computes with.</param>
sealed record Hello(int Language, RunProvenance Compute) : Frame;

/// <summary>Run process: here I am.</summary>
sealed record ProgressFrame(JobProgress Progress) : Frame;

/// <summary>Run process: numbers to keep.</summary>
sealed record MetricsFrame(IReadOnlyList<MetricPoint> Points) : Frame;

/// <summary>Run process: a checkpoint of so many bytes follows in chunks.</summary>
sealed record CheckpointBegin(CheckpointRole Role, string Name, int Epoch, int Step, long Bytes) : Frame;

/// <summary>Run process: the next bytes of the checkpoint, right after this header.</summary>
sealed record CheckpointChunk(int Length) : Frame;

/// <summary>Run process: the checkpoint is whole.</summary>
sealed record CheckpointEnd : Frame;

/// <summary>Run process: the run is over.</summary>
sealed record ResultFrame(JobResult Result) : Frame;

/// <summary>Run process: the run stopped as asked.</summary>
sealed record StoppedFrame(StopReason Reason) : Frame;

/// <summary>Run process: the run failed. After a crash the process ends.</summary>
sealed record FailedFrame(JobFailure Failure) : Frame;

/// <summary>Supervisor: run this.</summary>
sealed record JobFrame(RunRequest Request) : Frame;

/// <summary>Supervisor: stop this job, if it still runs.</summary>
sealed record StopFrame(Guid JobId, StopReason Reason) : Frame;
