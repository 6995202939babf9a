using System.Globalization;

namespace KdRobust.Cli.Local;

/// <summary>
/// A process that is started again when it dies, at once, then after growing pauses; given up when it dies young too
/// often, because then starting it again helps nobody.
/// </summary>
sealed class KeptProcess
{
    const int YoungDeathsAllowed = 5;
    static readonly TimeSpan Young = TimeSpan.FromSeconds(10);

    readonly Func<CancellationToken, Task<ChildService>> start;
    readonly CancellationTokenSource stopping = new();
    readonly Action<string> say;
    readonly Task keeping;
    readonly TaskCompletionSource<string> givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    KeptProcess(ChildService first, Func<CancellationToken, Task<ChildService>> start, Action<string> say)
    {
        (Current, this.start, this.say) = (first, start, say);
        keeping = Keep();
    }

    /// <summary>The process that runs now, or ran last.</summary>
    public ChildService Current { get; private set; }

    /// <summary>Ends with the reason when the process is given up.</summary>
    public Task<string> GivenUp => givenUp.Task;

    /// <summary>Called after each start but the first.</summary>
    public Action? Restarted { get; set; }

    public static async Task<KeptProcess> Start(Func<CancellationToken, Task<ChildService>> start, Action<string> say, CancellationToken cancellation) =>
        new(await start(cancellation), start, say);

    /// <summary>No longer starts it again, and stops it by <paramref name="stop"/>.</summary>
    public async Task Stop(Func<ChildService, Task> stop)
    {
        await stopping.CancelAsync();
        await keeping;
        await stop(Current);
        await Current.DisposeAsync();
    }

    async Task Keep()
    {
        var youngDeaths = 0;
        var begun = TimeProvider.System.GetTimestamp();
        var stopped = Task.Delay(Timeout.Infinite, stopping.Token);
        while (await Task.WhenAny(Current.Ended, stopped) != stopped)
        {
            var last = Current.Tail.LastOrDefault(line => line.Trim().Length > 0) ?? "it said nothing";
            youngDeaths = TimeProvider.System.GetElapsedTime(begun) < Young ? youngDeaths + 1 : 1;
            if (youngDeaths >= YoungDeathsAllowed)
            {
                givenUp.TrySetResult(string.Create(CultureInfo.InvariantCulture, $"{Current.Name} died {youngDeaths} times in a row (exit code {Current.ExitCode}): {last}"));
                return;
            }
            say(string.Create(CultureInfo.InvariantCulture, $"{Current.Name} ended with code {Current.ExitCode} ({last}): starting it again"));
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 * (1 << youngDeaths) - 500), stopping.Token);
                var next = await start(stopping.Token);
                await Current.DisposeAsync();
                Current = next;
                begun = TimeProvider.System.GetTimestamp();
                Restarted?.Invoke();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (CommandFailedException error)
            {
                givenUp.TrySetResult(error.Message);
                return;
            }
        }
    }
}
