using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Api.Tests.Host;

/// <summary>Does what a worker does to the rows, with numbers that nobody computed.</summary>
sealed class StandInWorker(RunningApi api)
{
    public async Task<ClaimedJob> Claim() =>
        await api.Jobs.TryClaimNext(new WorkerOffer("stand-in", 8, DeviceKind.Cpu)) ?? throw new InvalidOperationException("nothing to claim");

    /// <summary>Claims and finishes jobs until there is none left.</summary>
    public async Task FinishAll()
    {
        while (await api.Jobs.TryClaimNext(new WorkerOffer("stand-in", 8, DeviceKind.Cpu)) is { } job) await Finish(job);
    }

    /// <summary>Stores curves and outputs, then the result.</summary>
    public async Task Finish(ClaimedJob job)
    {
        if (job.Payload is TrainPayload train)
        {
            var points = Enumerable.Range(1, train.Training.Epochs).SelectMany(e => new[]
            {
                (Series: MetricSeries.MonitorClean, Epoch: e, Value: 0.1 * e), (Series: MetricSeries.MonitorAdversarial, Epoch: e, Value: 0.05 * e),
            }).Select((p, i) => new MetricPoint(i, p.Series, p.Epoch, p.Epoch, p.Value)).ToList();
            (await api.Metrics.Append(job.Lease, points)).ShouldBeTrue();
            await Store(job, OutputNames.Weights, [1, 2, 3]);
        }
        if (job.Payload is SmoothingEvalPayload { KeepLabels: true }) await Store(job, OutputNames.Labels, [4, 5]);
        await api.Jobs.Complete(job.Lease, SampleResults.Of(job.Payload));
    }

    public async Task<CheckpointInfo> Store(ClaimedJob job, string name, byte[] content) =>
        (await api.Checkpoints.Register(job.Lease, CheckpointRole.Output, name, 0, 0, await api.Checkpoints.Write(new MemoryStream(content)), []))!;
}
