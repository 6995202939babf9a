namespace KdRobust.Cli;

/// <summary>What the command line's exit codes mean; part of its contract.</summary>
static class ExitCode
{
    public const int Done = 0;
    /// <summary>The request failed, for a reason that is not one of those below.</summary>
    public const int Failed = 1;
    /// <summary>A wrong command line, or a spec the rules refuse.</summary>
    public const int Usage = 2;
    /// <summary>The watched job or experiment ended failed.</summary>
    public const int WatchedFailed = 3;
    /// <summary>No key, a wrong one, or one whose role is too small.</summary>
    public const int NotAllowed = 4;
    public const int NotFound = 5;
    /// <summary>It finished, but a check failed.</summary>
    public const int CheckFailed = 6;
    /// <summary>The service does not answer, or none is running here.</summary>
    public const int Unreachable = 7;
    /// <summary>The watched job or experiment was cancelled.</summary>
    public const int Cancelled = 8;
    /// <summary><c>--timeout</c> ran out.</summary>
    public const int TimedOut = 124;
    /// <summary>Ctrl-C. What the service works on goes on.</summary>
    public const int Interrupted = 130;
}

/// <summary>A command ends here, with one message for a person: what happened, and what to do.</summary>
sealed class CommandFailedException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
