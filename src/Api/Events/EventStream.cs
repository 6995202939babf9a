using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using KdRobust.Api.Experiments;
using KdRobust.Api.Jobs;
using KdRobust.Api.Sweeps;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Sweeps;

namespace KdRobust.Api.Events;

/// <summary>
/// One client's stream of what happens to its topics. A notification is only a hint where to look; the rows after the
/// cursor are what is told, so a reconnect, a lost notification or a restart of this service loses nothing.
/// </summary>
sealed class EventStream(EventTopics topics, EventCursor cursor, ExperimentStore experiments, NewsDesk jobs, SweepStore sweeps,
    Func<Func<Change, bool>, CancellationToken, IAsyncEnumerable<Change>> listen, TimeSpan keepAlive, ILogger log)
{
    const int MetricsPerMessage = 1000;
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    readonly JobProgress?[] toldProgress = new JobProgress?[topics.Jobs.Count];
    readonly string?[] toldExperiments = new string?[topics.Experiments.Count];
    readonly string?[] toldSweeps = new string?[topics.Sweeps.Count];

    /// <summary>Messages until the client leaves. Each carries the cursor after it as its id.</summary>
    public async IAsyncEnumerable<SseItem<string>> Messages([EnumeratorCancellation] CancellationToken ct)
    {
        var changes = listen(Concerns, ct).GetAsyncEnumerator(ct);
        var next = changes.MoveNextAsync().AsTask();
        try
        {
            // The whole history first, whatever the first hint is about: a summary that came before another job's history
            // would have a reader take that history for news.
            if (await News(new Change(ChangeTopic.Everything, default), ct) is not { } history) yield break;
            foreach (var message in history) yield return message;
            while (!ct.IsCancellationRequested)
            {
                if (await Task.WhenAny(next, Task.Delay(keepAlive, ct)) != next)
                {
                    yield return Message("ping", new { });
                    continue;
                }
                if (!await next) yield break;
                var change = changes.Current;
                next = changes.MoveNextAsync().AsTask();
                if (await News(change, ct) is not { } news) yield break;
                foreach (var message in news) yield return message;
            }
        }
        finally
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await changes.DisposeAsync();
        }
    }

    bool Concerns(Change change) => change.Topic switch
    {
        ChangeTopic.Job => topics.Jobs.Any(job => job.Id == change.Id),
        ChangeTopic.Experiment => topics.Experiments.Contains(change.Id),
        ChangeTopic.Sweep => topics.Sweeps.Contains(change.Id),
        _ => false,
    };

    /// <summary>What the rows say that was not told yet; null when the database does not answer: the client comes back with its cursor.</summary>
    async Task<List<SseItem<string>>?> News(Change change, CancellationToken ct)
    {
        var news = new List<SseItem<string>>();
        try
        {
            // Looked at before the jobs and told after them: who hears that an experiment has ended has heard how each job did.
            var summaries = new ExperimentSummary?[topics.Experiments.Count];
            for (var i = 0; i < summaries.Length; i++) summaries[i] = await ChangedExperiment(i, ct);
            var all = change.Topic == ChangeTopic.Everything || summaries.Any(s => s?.State is ExperimentState.Succeeded or ExperimentState.Failed or ExperimentState.Cancelled);
            for (var i = 0; i < topics.Jobs.Count; i++)
                if (all || change.Id == topics.Jobs[i].Id) await Job(i, news, ct);
            for (var i = 0; i < topics.Sweeps.Count; i++)
                // Of thousands of jobs not each end is counted anew: the next tick tells of them together.
                if ((change.Topic == ChangeTopic.Everything || change.Id == topics.Sweeps[i]) && await ChangedSweep(i, ct) is { } sweep) news.Add(Message("sweep", sweep));
            news.AddRange(summaries.OfType<ExperimentSummary>().Select(summary => Message("experiment", summary)));
            return news;
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            ApiLog.StreamEnded(log, error.Message);
            return null;
        }
    }

    async Task Job(int index, List<SseItem<string>> news, CancellationToken ct)
    {
        var (id, withMetrics) = topics.Jobs[index];
        JobNews found;
        do
        {
            found = await jobs.Of(id, cursor.Event(index), withMetrics ? cursor.Metric(index) : null, MetricsPerMessage, ct);
            if (found.Metrics.Count > 0)
            {
                cursor.Metric(index) = found.Metrics[^1].Id;
                news.Add(Message("metrics", new MetricsMessage(id, [.. found.Metrics.Select(Metric.Of)])));
            }
        }
        while (found.Metrics.Count == MetricsPerMessage);
        if (found.Job is not { } job) return;
        foreach (var line in found.Events)
        {
            cursor.Event(index) = line.Id;
            news.Add(Message("state", new StateMessage(id, job.Name, line.From, line.To, job.Attempt, line.Worker, line.Reason, line.At, line.To == JobState.Failed ? job.Failure : null)));
        }
        if (job is { State: JobState.Running, Progress: { } progress } && progress != toldProgress[index])
        {
            toldProgress[index] = progress;
            news.Add(Message("progress", new ProgressMessage(id, job.Name, progress)));
        }
    }

    /// <summary>An experiment's summary, unless it was told as it is.</summary>
    async Task<ExperimentSummary?> ChangedExperiment(int index, CancellationToken ct)
    {
        if (await experiments.Find(topics.Experiments[index], null, ct) is not { } view) return null;
        var summary = ExperimentSummary.Of(view);
        var text = JsonSerializer.Serialize(summary, SpecJson.Options);
        if (text == toldExperiments[index]) return null;
        toldExperiments[index] = text;
        return summary;
    }

    /// <summary>A sweep's summary, unless it was told as it is.</summary>
    async Task<SweepSummary?> ChangedSweep(int index, CancellationToken ct)
    {
        if (await sweeps.Find(topics.Sweeps[index], null, ct) is not { } view) return null;
        var summary = SweepSummary.Of(view);
        var text = JsonSerializer.Serialize(summary, SpecJson.Options);
        if (text == toldSweeps[index]) return null;
        toldSweeps[index] = text;
        return summary;
    }

    SseItem<string> Message<T>(string kind, T content) =>
        new(JsonSerializer.Serialize(content, SpecJson.Options), kind) { EventId = cursor.ToString(), ReconnectionInterval = Retry };
}
