namespace KdRobust.Cli.Watching;

/// <summary>Shows an experiment while it runs.</summary>
interface IWatchView : IAsyncDisposable
{
    /// <summary>Something changed; <paramref name="change"/> is the job, if it was one.</summary>
    void Changed(ExperimentBoard board, (JobLine Before, JobLine After)? change);

    /// <summary>A line that stays, e.g. that the connection broke.</summary>
    void Say(string line);
}
