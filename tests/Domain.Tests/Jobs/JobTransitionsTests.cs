using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Tests.Jobs;

public sealed class JobTransitionsTests
{
    [Fact]
    public void Nothing_leaves_a_terminal_state()
    {
        foreach (var state in Enum.GetValues<JobState>().Where(s => s.IsTerminal()))
            foreach (var trigger in Enum.GetValues<JobTrigger>())
                JobTransitions.Next(state, trigger).ShouldBeNull($"{state} {trigger}");
    }

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
