using KdRobust.Api.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Changes;
using KdRobust.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace KdRobust.Api.Tests.Events;

public sealed class StreamOrderTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task A_hint_about_one_job_that_comes_first_does_not_put_the_summary_before_the_others_history()
    {
        // Seen as "given back" right after a submission: a job's history came after the first summary and was taken for news.
        var experiment = await api.Ada.SubmitSample();
        var jobs = (await api.Experiments.Jobs(experiment)).Select(use => use.Job.Id).ToList();
        var (topics, _) = await EventTopics.Read($"experiment:{experiment}", null, api.Experiments, api.Jobs, api.Sweeps, default);
        using var news = new NewsDesk(api.Jobs);
        var stream = new EventStream(topics!, EventCursor.Read(null, topics!.Jobs.Count), api.Experiments, news, api.Sweeps,
            (_, _) => new[] { new Change(ChangeTopic.Job, jobs[^1]), new Change(ChangeTopic.Everything, default) }.ToAsyncEnumerable(), TimeSpan.FromMinutes(1), NullLogger.Instance);
        var kinds = new List<string>();
        await foreach (var message in stream.Messages(default)) kinds.Add(message.EventType);
        kinds.ShouldBe([.. jobs.Select(_ => "state"), "experiment"]);
    }
}
