using KdRobust.Api.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Events;

/// <summary>Many streams that ask the same are answered by few questions, and never by an old answer.</summary>
public sealed class NewsDeskTests(RunningApi api) : IClassFixture<RunningApi>
{
    const int Listeners = 60, Changes = 40;

    [PostgresFact]
    public async Task Whoever_asks_after_a_change_hears_of_it_however_many_ask_at_the_same_time()
    {
        var experiment = await api.Ada.SubmitSample();
        var job = await api.Database.Scalar<Guid>($"SELECT job_id FROM experiment_job WHERE experiment_id = '{experiment}' ORDER BY ordinal LIMIT 1");
        var jobs = new JobStore(api.Database.DataSource, new LeaseSettings());
        using var desk = new NewsDesk(jobs);
        var committed = 0;
        var changing = Task.Run(async () =>
        {
            for (var priority = 1; priority <= Changes; priority++)
            {
                (await jobs.SetPriority(job, priority, "ada")).Kind.ShouldBe(RequestKind.Done);
                Volatile.Write(ref committed, priority);
            }
        });
        var distinct = new HashSet<JobNews>(ReferenceEqualityComparer.Instance);
        var asked = 0;
        await Task.WhenAll(Enumerable.Range(0, Listeners).Select(_ => Task.Run(async () =>
        {
            int known;
            do
            {
                known = Volatile.Read(ref committed);
                var news = await desk.Of(job, 0, null, 0, CancellationToken.None);
                news.Events.Count(line => line.Reason.StartsWith("priority ", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(known);
                lock (distinct)
                {
                    distinct.Add(news);
                    asked++;
                }
            }
            while (known < Changes);
        })));
        await changing;
        distinct.Count.ShouldBeLessThan(asked, "nobody shared an answer");
    }
}
