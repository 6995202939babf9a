using KdRobust.Persistence.Jobs;

namespace KdRobust.Api.Events;

/// <summary>
/// Asks for news of jobs once for all streams that know the same and wait: a change that two hundred listeners hear of is read a
/// few times, not two hundred times. Nobody is given an answer to a question that was sent before he asked.
/// </summary>
sealed class NewsDesk(JobStore jobs) : IDisposable
{
    // Questions at the database at the same time; whoever comes while all are under way joins the next.
    readonly SemaphoreSlim places = new(4);
    readonly Lock guard = new();
    readonly Dictionary<Question, Task<JobNews>> waiting = [];

    /// <summary>What is new about a job, see <see cref="JobStore.News"/>.</summary>
    public async Task<JobNews> Of(Guid job, long afterEvent, long? afterMetric, int mostMetrics, CancellationToken ct)
    {
        var question = new Question(job, afterEvent, afterMetric, mostMetrics);
        Task<JobNews>? answer;
        lock (guard)
        {
            if (!waiting.TryGetValue(question, out answer))
                // It belongs to all who join it: none of them can give it up for the others.
                waiting.Add(question, answer = Task.Run(() => Ask(question), CancellationToken.None));
        }
        return await answer.WaitAsync(ct);
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    async Task<JobNews> Ask(Question question)
    {
        await places.WaitAsync();
        try
        {
            lock (guard)
                waiting.Remove(question);
            return await jobs.News(question.Job, question.AfterEvent, question.AfterMetric, question.MostMetrics, CancellationToken.None);
        }
        finally
        {
            places.Release();
        }
    }

    readonly record struct Question(Guid Job, long AfterEvent, long? AfterMetric, int MostMetrics);
}
