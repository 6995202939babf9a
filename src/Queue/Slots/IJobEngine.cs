namespace KdRobust.Queue.Slots;

/// <summary>
/// What decides when a worker asks for work, and nothing else: whose a job is, whether it may run and what became of it is
/// said by its row, whatever the engine.
/// </summary>
public interface IJobEngine
{
    /// <summary>What <c>--engine</c> calls it.</summary>
    string Name { get; }

    /// <summary>Cores no job uses.</summary>
    int FreeCores { get; }

    /// <summary>Works until told to drain; returns when every slot has given back or ended its job.</summary>
    Task Run(CancellationToken draining);

    /// <summary>Takes no more work and gives back what runs, until <see cref="GoOn"/>.</summary>
    void Rest();

    /// <summary>Takes work again after a <see cref="Rest"/>.</summary>
    void GoOn();
}
