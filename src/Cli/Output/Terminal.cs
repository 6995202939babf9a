namespace KdRobust.Cli.Output;

/// <summary>
/// Where a command writes. Standard output is the result; standard error is progress, hints and what went wrong. Only a
/// real terminal is redrawn, coloured or asked questions; everything else gets plain lines.
/// </summary>
/// <param name="Out">The result.</param>
/// <param name="Error">Progress, hints, errors.</param>
/// <param name="IsInteractive">True when both are a terminal that understands cursor movements.</param>
/// <param name="IsTable">True when the result goes to a terminal, so that columns are aligned rather than tab-separated.</param>
sealed record Terminal(TextWriter Out, TextWriter Error, bool IsInteractive, bool IsTable)
{
    /// <summary>This process's own.</summary>
    public static Terminal OfThisProcess()
    {
        var capable = Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return new(Console.Out, Console.Error, capable && !Console.IsOutputRedirected && !Console.IsErrorRedirected, !Console.IsOutputRedirected);
    }

    /// <summary>A line of progress or a hint.</summary>
    public void Say(string line) => Error.WriteLine(line);
}
