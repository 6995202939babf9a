using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Runs;

/// <summary>What a run tells the world while it computes. Numbers and bytes only: no tensor leaves a run.</summary>
public abstract record RunEvent;

/// <summary>Where the run is.</summary>
public sealed record ProgressMade(JobProgress Progress) : RunEvent;

/// <summary>Numbers to keep. Points of one run are numbered by the run from 0, so that a repeated append changes nothing.</summary>
public sealed record MetricsRecorded(IReadOnlyList<MetricPoint> Points) : RunEvent;

/// <summary>
/// Bytes to keep: a resume point (with the metrics of the epochs it covers, which become visible together with it) or an output.
/// </summary>
/// <param name="Role">Resume point or output.</param>
/// <param name="Name">Output name, or <c>resume</c>.</param>
/// <param name="Epoch">Epochs finished.</param>
/// <param name="Step">Steps finished inside the running epoch.</param>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="WriteTo">Writes exactly <paramref name="Bytes"/> bytes; valid until the next event is asked for.</param>
public sealed record CheckpointTaken(CheckpointRole Role, string Name, int Epoch, int Step, long Bytes, Action<Stream> WriteTo) : RunEvent;

/// <summary>The run is over and this is what it found. Always the last event of a run that was not stopped.</summary>
public sealed record RunFinished(JobResult Result) : RunEvent;

/// <summary>The run stopped because it was asked to, after a resume point if it takes any. Always the last event of such a run.</summary>
public sealed record RunStopped(StopReason Reason) : RunEvent;

/// <summary>Why a run is asked to stop.</summary>
public enum StopReason { Cancel, Drain, Pause }

/// <summary>One number of one series.</summary>
/// <param name="Ordinal">Position in this run, from 0; continued from the checkpoint after a resume.</param>
/// <param name="Series">E.g. <c>train/loss</c>, <c>train/accuracy</c>, <c>train/learning-rate</c>, <c>monitor/clean</c>, <c>monitor/adversarial</c>, <c>attack/survivors</c>.</param>
/// <param name="Epoch">Epochs finished; 0 where there are none.</param>
/// <param name="Step">Global step, or iteration k of an attack.</param>
/// <param name="Value">The number.</param>
public sealed record MetricPoint(long Ordinal, string Series, int Epoch, long Step, double Value);

/// <summary>Where a run is, for progress lines.</summary>
/// <param name="Phase">E.g. <c>train</c>, <c>craft</c>, <c>judge votes</c>.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What is counted: <c>epoch</c>, <c>draw</c>, <c>image</c>.</param>
/// <param name="Loss">Mean loss lately, if any.</param>
/// <param name="Accuracy">Accuracy lately in [0,1], if any.</param>
/// <param name="ImagesPerSecond">Throughput lately.</param>
/// <param name="SecondsLeft">Estimate for the rest of this job.</param>
public sealed record JobProgress(string Phase, double Done, double Total, string Unit, double? Loss, double? Accuracy, double? ImagesPerSecond, double? SecondsLeft);
