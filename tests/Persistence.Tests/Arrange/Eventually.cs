using System.Diagnostics;

namespace KdRobust.Persistence.Tests.Arrange;

/// <summary>Waits for what other processes or the clock bring about.</summary>
public static class Eventually
{
    /// <summary>Returns as soon as the condition holds; says what it waited for when it never does.</summary>
    public static async Task Holds(string what, Func<Task<bool>> condition, double seconds = 30, Func<Task<string>>? dump = null)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(seconds))
                throw new TimeoutException($"not within {seconds} s: {what}\n{(dump is null ? "" : await dump())}");
            await Task.Delay(20);
        }
    }
}
