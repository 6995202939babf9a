using System.Collections.Concurrent;
using System.Diagnostics;

namespace KdRobust.Service.Bench;

/// <summary>Several callers that do the same at the same time, each as often as it can.</summary>
static class Clients
{
    /// <summary>Lets them work for a while.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="act">What one of them does once; false to end it.</param>
    /// <returns>How often it was done in a second, and how long each time took, in ms.</returns>
    public static async Task<(double Rate, IReadOnlyList<double> Milliseconds)> Work(int count, double seconds, Func<int, Task<bool>> act)
    {
        var took = new ConcurrentBag<List<double>>();
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, count).Select(client => Task.Run(async () =>
        {
            var own = new List<double>();
            while (Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds)
            {
                var sent = Stopwatch.GetTimestamp();
                if (!await act(client)) break;
                own.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
            took.Add(own);
        })));
        var all = took.SelectMany(own => own).ToList();
        return (all.Count / Stopwatch.GetElapsedTime(begun).TotalSeconds, all);
    }
}
