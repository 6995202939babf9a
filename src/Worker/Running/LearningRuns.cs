using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;

namespace KdRobust.Worker.Running;

/// <summary>The paper's runs, on libtorch. Only a run process ever makes one.</summary>
sealed class LearningRuns : IRunSource
{
    public RunProvenance Open(ComputeSpec compute) => ComputeEnvironment.Pin(compute);

    public IEnumerable<RunEvent> Execute(RunRequest request, StopSignal stop) => RunCatalog.Create(request).Execute(stop);
}
