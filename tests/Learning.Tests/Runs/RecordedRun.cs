using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>A run enumerated as a host does it, with everything it told.</summary>
internal sealed class RecordedRun
{
    readonly List<(CheckpointTaken Event, byte[] Bytes)> _checkpoints = [];

    public List<RunEvent> Events { get; } = [];

    public IEnumerable<MetricPoint> Metrics => Events.OfType<MetricsRecorded>().SelectMany(m => m.Points);

    public IReadOnlyList<(CheckpointTaken Event, byte[] Bytes)> Checkpoints => _checkpoints;

    public byte[] Output(string name) => _checkpoints.Single(c => c.Event.Role == CheckpointRole.Output && c.Event.Name == name).Bytes;

    public T Result<T>()
        where T : JobResult => (T)((RunFinished)Events[^1]).Result;

    /// <summary>Runs until the end, or until <paramref name="killAfter"/> says so after an event: then nothing more is asked for, as after a kill.</summary>
    public static RecordedRun Of(RunRequest request, Func<RunEvent, bool>? killAfter = null, StopSignal? stop = null)
    {
        var recorded = new RecordedRun();
        foreach (var happened in RunCatalog.Create(request, new SteppingTime()).Execute(stop ?? new StopSignal()))
        {
            recorded.Events.Add(happened);
            if (happened is CheckpointTaken checkpoint)
            {
                using var bytes = new MemoryStream();
                checkpoint.WriteTo(bytes);
                bytes.Length.ShouldBe(checkpoint.Bytes);
                recorded._checkpoints.Add((checkpoint, bytes.ToArray()));
            }
            if (killAfter?.Invoke(happened) == true) break;
        }
        return recorded;
    }

    public static RunRequest Request(JobPayload payload, IReadOnlyDictionary<string, string>? inputs = null, string? resumeFrom = null, string? dataFolder = null) =>
        new(Guid.Empty, payload.KindName, payload, inputs ?? new Dictionary<string, string>(), resumeFrom, dataFolder);
}
