using System.Text;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>docs/job-states.md shows the table of transitions as it is.</summary>
public sealed class JobStatesPageTests
{
    static readonly Dictionary<JobTrigger, string> Meaning = new()
    {
        [JobTrigger.Unblock] = "the last parent succeeded",
        [JobTrigger.UpstreamEnded] = "a parent failed or was cancelled",
        [JobTrigger.Claim] = "a slot took it: fence + 1, attempt + 1, a fresh lease",
        [JobTrigger.Complete] = "the run ended well",
        [JobTrigger.FailForRetry] = "the run failed and may be tried again, after a wait",
        [JobTrigger.FailForGood] = "the run failed for good; what waits for it is cancelled",
        [JobTrigger.Cancel] = "a person asked; a running job stops first",
        [JobTrigger.Drain] = "the worker shuts down or drains; no attempt is lost",
        [JobTrigger.LeaseLost] = "the reaper took it from a worker that was not heard of: fence + 1",
        [JobTrigger.Pause] = "a person asked for a pause; a running job takes a resume point and stops first",
        [JobTrigger.UnblockPaused] = "the last parent succeeded, and a person had asked for a pause",
        [JobTrigger.Resume] = "a person lets it go on, from its newest resume point",
        [JobTrigger.Retry] = "a person asks again: all attempts anew, fence + 1",
        [JobTrigger.RetryBlocked] = "it or a parent was asked for again, and not every parent has succeeded: fence + 1",
    };

    [Fact]
    public void Page_shows_the_table_of_transitions_as_it_is()
    {
        var page = File.ReadAllText(Repository.At("docs", "job-states.md"));
        page.ShouldContain(Table(), customMessage: $"docs/job-states.md must contain exactly:\n{Table()}");
    }

    static string Table()
    {
        var text = new StringBuilder("| from | to | when |\n| --- | --- | --- |\n");
        foreach (var from in Enum.GetValues<JobState>())
        {
            foreach (var trigger in Enum.GetValues<JobTrigger>())
            {
                if (JobTransitions.Next(from, trigger) is { } to)
                    text.Append($"| {from} | {to} | {Meaning[trigger]} |\n");
            }
        }
        return text.ToString();
    }
}
