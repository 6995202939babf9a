namespace KdRobust.Persistence.Jobs;

/// <summary>When a job is tried again.</summary>
public static class RetryPolicy
{
    /// <summary>Claims a job may use up; drains do not count.</summary>
    public const int MaxAttempts = 5;

    /// <summary>Deaths of the worker without a new resume point in between, after which a job is taken for poison.</summary>
    public const int MaxCrashes = 3;

    static readonly TimeSpan First = TimeSpan.FromSeconds(2), Longest = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait after the n-th attempt failed: 2 s doubled each time, at most 5 min. The store spreads it by a factor in [0.5, 1).</summary>
    /// <param name="attempt">From 1.</param>
    public static TimeSpan Delay(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(First.TotalSeconds * Math.Pow(2, Math.Clamp(attempt, 1, 30) - 1), Longest.TotalSeconds));
}
