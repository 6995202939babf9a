namespace KdRobust.Chaos.Checks;

/// <summary>A job that was accepted, and what an undisturbed run of it finds.</summary>
/// <param name="Id">The job.</param>
/// <param name="Seed">Of its spec.</param>
/// <param name="Epochs">It has so many, and stores one number for each.</param>
/// <param name="Trains">True when its result holds the last of these numbers.</param>
public sealed record PromisedJob(Guid Id, long Seed, int Epochs, bool Trains);

/// <summary>What the service has promised to the people who asked: what must be found in its tables at the end.</summary>
public sealed class Ledger
{
    readonly Dictionary<Guid, PromisedJob> jobs = [];

    /// <summary>Every job of an accepted experiment.</summary>
    public IReadOnlyDictionary<Guid, PromisedJob> Jobs => jobs;

    /// <summary>Experiments that were answered with yes.</summary>
    public HashSet<Guid> Experiments { get; } = [];

    /// <summary>Jobs whose cancellation was promised and which nobody asked to be tried again since.</summary>
    public HashSet<Guid> Cancelled { get; } = [];

    /// <summary>Jobs about which a question got no answer: it may have had its effect or not.</summary>
    public HashSet<Guid> Unsure { get; } = [];

    /// <summary>The last priority that was promised.</summary>
    public Dictionary<Guid, int> Priorities { get; } = [];

    public void Promise(PromisedJob job) => jobs[job.Id] = job;
}
