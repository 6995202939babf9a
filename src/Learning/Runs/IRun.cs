using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>
/// One computation that tells what it does as it goes. It knows neither database nor job row, and yields numbers and
/// bytes, never a tensor.
/// </summary>
/// <remarks>
/// Dispose scopes and grad modes belong to a thread: enumerate on one thread from beginning to end, and dispose the
/// enumerator there. The run computes only while the next event is asked for.
/// </remarks>
public interface IRun
{
    /// <summary>
    /// Computes. The last event is <see cref="RunFinished"/>, or <see cref="RunStopped"/> when <paramref name="stop"/> was
    /// set; stops are honoured between steps.
    /// </summary>
    /// <exception cref="RunInputException">The inputs cannot be used, or training diverged; the message is for a person and the same input would fail again.</exception>
    IEnumerable<RunEvent> Execute(StopSignal stop);
}
