using System.Diagnostics;

namespace KdRobust.Support;

/// <summary>How a child process ended: its exit code and everything it printed.</summary>
public sealed record ChildResult(int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, for an assertion's message.</summary>
    public string Text => Output + Error;
}

/// <summary>Runs a program to its end. Arguments are a list and never pass through a shell.</summary>
public static class ChildProcess
{
    /// <summary>Runs a program and returns its exit code and output.</summary>
    /// <param name="program">Path, or a name to be found in PATH.</param>
    /// <param name="arguments">One entry per argument.</param>
    /// <param name="environment">Variables to set over ours; null as value removes one.</param>
    /// <param name="limit">Longest time to wait; one minute when not given. A program that takes longer is killed.</param>
    /// <param name="input">Text for its standard input, which then ends; null leaves it ours.</param>
    /// <exception cref="TimeoutException">The program did not end in time; the message holds what it printed.</exception>
    public static async Task<ChildResult> Run(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        TimeSpan? limit = null,
        string? input = null)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = input is not null, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(
                $"{program} {string.Join(' ', start.ArgumentList)} did not end within {limit ?? TimeSpan.FromMinutes(1)}; it printed: {await output}{await error}", late);
        }
        return new ChildResult(process.ExitCode, await output, await error);
    }
}
