namespace KdRobust.Chaos.Checks;

/// <summary>Which promise was broken.</summary>
public enum Promise
{
    /// <summary>A job that was accepted is there and ends.</summary>
    NothingIsLost,
    /// <summary>A job ends once in each of its lives, is run by one claim at a time, and each number is stored once.</summary>
    NothingIsDoubled,
    /// <summary>Nobody writes under a fence that is not the newest.</summary>
    NoStaleWrite,
    /// <summary>No program ends by itself in a way nobody foresaw.</summary>
    NobodyCrashes,
    /// <summary>What people asked for is so.</summary>
    PeopleAreObeyed,
    /// <summary>The numbers are those of an undisturbed run.</summary>
    TheNumbersAreRight,
}

/// <summary>A promise that was broken.</summary>
/// <param name="Of">Which.</param>
/// <param name="Job">By which job.</param>
/// <param name="What">In words.</param>
public sealed record Violation(Promise Of, Guid? Job, string What)
{
    public override string ToString() => $"{Of}: {What} (job {Job})";
}
