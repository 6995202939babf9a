using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>The run of each kind of job.</summary>
public static class RunCatalog
{
    /// <summary>The run that computes a request, on this process's libtorch. Nothing is read or computed before it is executed.</summary>
    public static IRun Create(RunRequest request) => Create(request, TimeProvider.System);

    /// <summary>The same with another clock for durations.</summary>
    public static IRun Create(RunRequest request, TimeProvider time) => request.Payload switch
    {
        TrainPayload payload => new TrainRun(request, payload, time),
        SmoothingEvalPayload { LabelViews: { } views } payload => new LabelViewsRun(request, payload, views, time),
        SmoothingEvalPayload payload => new SmoothingEvalRun(request, payload, time),
        TransferAttackPayload payload => new TransferAttackRun(request, payload, time),
        MergePayload payload => new MergeRun(request, payload, time),
        ImportPayload payload => new ImportRun(request, payload, time),
        var payload => throw new ArgumentOutOfRangeException(nameof(request), payload.GetType().Name, "no run for this kind of job"),
    };
}
