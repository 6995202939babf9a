using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>One program of ours in a process of its own, with everything it prints.</summary>
public sealed partial class ObservedProcess : IAsyncDisposable
{
    const int Kill = 9, Terminate = 15;

    readonly Process process;
    readonly List<string> lines = [];

    ObservedProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasEnded => process.HasExited;

    public string Printed
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    /// <summary>Starts a project's program, e.g. Api, built beside these tests.</summary>
    public static ObservedProcess Start(string project, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.Of(project), .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new ObservedProcess(Process.Start(start)!);
    }

    /// <summary>Waits for the file in which the API says where it listens.</summary>
    public async Task<HttpClient> Listening(string addressFile)
    {
        for (var begun = Stopwatch.GetTimestamp(); !File.Exists(addressFile); await Task.Delay(20))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"the API does not listen:\n{Printed}");
        }
        return new HttpClient { BaseAddress = new Uri((await File.ReadAllTextAsync(addressFile)).Trim()) };
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public Task<int> Stop(double seconds = 30)
    {
        _ = Signal(process.Id, Terminate);
        return Ended(seconds);
    }

    public async Task<int> Ended(double seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"it did not end within {seconds} s:\n{Printed}"), late);
        }
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            _ = Signal(process.Id, Kill);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
