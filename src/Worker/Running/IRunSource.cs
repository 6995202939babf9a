using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Worker.Running;

/// <summary>Where a run process gets its runs from.</summary>
interface IRunSource
{
    /// <summary>Makes ready to compute and says with what.</summary>
    /// <exception cref="RunInputException">It cannot; the message says what to do.</exception>
    RunProvenance Open(ComputeSpec compute);

    /// <summary>One run, enumerated on the calling thread from beginning to end.</summary>
    IEnumerable<RunEvent> Execute(RunRequest request, StopSignal stop);
}
