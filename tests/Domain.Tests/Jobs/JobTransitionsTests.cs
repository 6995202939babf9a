using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Tests.Jobs;

public sealed class JobTransitionsTests
{
    [Fact]
    public void Only_a_person_who_asks_again_leads_out_of_an_end_and_never_out_of_success()
    {
        foreach (var state in Enum.GetValues<JobState>().Where(s => s.IsTerminal()))
            foreach (var trigger in Enum.GetValues<JobTrigger>())
                if (JobTransitions.Next(state, trigger) is { } next)
                {
                    trigger.ShouldBeOneOf(JobTrigger.Retry, JobTrigger.RetryBlocked);
                    state.ShouldNotBe(JobState.Succeeded);
                    next.ShouldBeOneOf(JobState.Queued, JobState.Blocked);
                }
    }

    [Fact]
    public void A_paused_job_leaves_its_state_only_by_a_person() =>
        Enum.GetValues<JobTrigger>().Where(trigger => JobTransitions.Next(JobState.Paused, trigger) is not null).ShouldBe([JobTrigger.Cancel, JobTrigger.Resume]);

    [Fact]
    public void Every_live_state_can_be_cancelled()
    {
        foreach (var state in Enum.GetValues<JobState>().Where(s => !s.IsTerminal()))
            JobTransitions.Next(state, JobTrigger.Cancel).ShouldBe(JobState.Cancelled);
    }

    [Fact]
    public void Only_a_claim_starts_a_job_and_only_from_Queued()
    {
        foreach (var state in Enum.GetValues<JobState>())
            foreach (var trigger in Enum.GetValues<JobTrigger>())
                if (JobTransitions.Next(state, trigger) == JobState.Running)
                    (state, trigger).ShouldBe((JobState.Queued, JobTrigger.Claim));
    }

    [Fact]
    public void Every_trigger_leads_somewhere() =>
        Enum.GetValues<JobTrigger>().ShouldAllBe(t => Enum.GetValues<JobState>().Any(s => JobTransitions.Next(s, t) != null));
}
