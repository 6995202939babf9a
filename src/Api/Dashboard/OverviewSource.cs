using System.Collections.Concurrent;
using System.Diagnostics;
using KdRobust.Api.Experiments;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Overviews;
using KdRobust.Persistence.Workers;

namespace KdRobust.Api.Dashboard;

/// <summary>What the first page shows.</summary>
/// <param name="Jobs">Jobs by kind and state, those that run, and those in trouble.</param>
/// <param name="Workers">Who computes.</param>
/// <param name="Experiments">The newest ones.</param>
sealed record OverviewDocument(Overview Jobs, IReadOnlyList<WorkerView> Workers, IReadOnlyList<ExperimentSummary> Experiments);

/// <summary>
/// Reads the overview for any number of lookers: those of one owner share a reading, and however large the tables are,
/// there is a rest between readings that grows with what one costs.
/// </summary>
sealed class OverviewSource(OverviewStore overviews, WorkerStore workers, ExperimentStore experiments)
{
    const int NewestExperiments = 8, RestPerWork = 10;
    static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(250), LongestRest = TimeSpan.FromSeconds(3);

    readonly ConcurrentDictionary<string, Reading> readings = new(StringComparer.Ordinal);

    /// <summary>An overview read after this call, or as soon after it as the rest between readings allows.</summary>
    /// <param name="owner">Whose; null for everybody's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<OverviewDocument> Read(string? owner, CancellationToken ct)
    {
        var asked = Stopwatch.GetTimestamp();
        var reading = readings.GetOrAdd(owner ?? "", _ => new Reading());
        await reading.Turn.WaitAsync(ct);
        try
        {
            if (reading.Document is { } fresh && reading.Begun >= asked) return fresh;
            var rest = reading.RestUntil is { } until ? until - Stopwatch.GetElapsedTime(0, Stopwatch.GetTimestamp()) : TimeSpan.Zero;
            if (rest > TimeSpan.Zero) await Task.Delay(rest, ct);
            reading.Begun = Stopwatch.GetTimestamp();
            reading.Document = new(
                await overviews.Read(owner, ct), await workers.List(owner, ct: ct),
                [.. (await experiments.List(new ExperimentFilter(owner), oldestFirst: false, null, NewestExperiments, ct)).Select(ExperimentSummary.Of)]);
            var took = Stopwatch.GetElapsedTime(reading.Begun) * RestPerWork;
            reading.RestUntil = Stopwatch.GetElapsedTime(0, Stopwatch.GetTimestamp()) + (took < ShortestRest ? ShortestRest : took > LongestRest ? LongestRest : took);
            return reading.Document;
        }
        finally
        {
            reading.Turn.Release();
        }
    }

    sealed class Reading
    {
        public SemaphoreSlim Turn { get; } = new(1);
        public OverviewDocument? Document { get; set; }
        public long Begun { get; set; }
        public TimeSpan? RestUntil { get; set; }
    }
}
