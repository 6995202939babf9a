using System.Diagnostics;
using KdRobust.Domain.Jobs;
using Xunit.Abstractions;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>The whole life of jobs, by the table of transitions: every order of everything that can happen to it.</summary>
public sealed class LifeModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_promise_holds_in_every_world_that_two_workers_a_reaper_people_and_a_restarting_server_can_bring_about(bool withChild)
    {
        var begun = Stopwatch.GetTimestamp();
        var explored = LifeExplorer.Explore(new LifeRules(), withChild);
        output.WriteLine($"{(withChild ? "a parent and its child" : "one job")}: {explored.Worlds.Count} states, {explored.Edges} edges in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s");
        foreach (var state in Enum.GetValues<JobState>().Where(state => withChild || state != JobState.Blocked))
            explored.Worlds.ShouldContain(world => world.Parent.State == state || (world.Child != null && world.Child.Value.State == state), $"{state} is never reached");
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "a reap does not raise the fence", LifePromises.TakenMeansOlder },
        { "a claim does not raise the fence", LifePromises.OneWriter },
        { "a retry does not raise the fence", LifePromises.OneEnd },
        { "a success can be retried", LifePromises.OneEnd },
        { "a write does not name its fence", LifePromises.StaleWritesNothing },
        { "a result wins over a cancel", LifePromises.CancelHolds },
        { "the reaper does not wait after a start of the server", LifePromises.YoungServer },
        { "a failure does not take along what waits", LifePromises.ParentsFirst },
        { "nobody looks without being woken", LifePromises.Claimed },
        { "no lease is lost", LifePromises.Taken },
        { "a paused job cannot go on", LifePromises.Ends },
        { "a job that waits for its parent is not let go", LifePromises.ParentsFirst },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void Check_finds_a_mistake_in_the_rules(string mistake, string promise)
    {
        var right = new LifeRules();
        var wrong = mistake switch
        {
            "a reap does not raise the fence" => right with { Grows = cause => cause != FenceCause.Reap },
            "a claim does not raise the fence" => right with { Grows = cause => cause != FenceCause.Claim },
            "a retry does not raise the fence" => right with { Grows = cause => cause != FenceCause.Retry },
            "a success can be retried" => With(JobState.Succeeded, JobTrigger.Retry, JobState.Queued),
            "a write does not name its fence" => right with { WritesNameTheirFence = false },
            "a result wins over a cancel" => right with { CancelWins = false },
            "the reaper does not wait after a start of the server" => right with { SweepWaitsForYoungServer = false },
            "a failure does not take along what waits" => right with { Cascades = false },
            "nobody looks without being woken" => right with { Polls = false },
            "no lease is lost" => With(JobState.Running, JobTrigger.LeaseLost, null),
            "a paused job cannot go on" => With(JobState.Paused, JobTrigger.Resume, null),
            "a job that waits for its parent is not let go" => With(JobState.Blocked, JobTrigger.Unblock, null),
            _ => throw new ArgumentOutOfRangeException(nameof(mistake), mistake, "no such mistake"),
        };
        var found = Should.Throw<BrokenPromiseException>(() => LifeExplorer.Explore(wrong, withChild: true));
        output.WriteLine(found.Message);
        found.Promise.ShouldBe(promise);
    }

    /// <summary>The rules with one entry of the table changed.</summary>
    static LifeRules With(JobState from, JobTrigger trigger, JobState? to) =>
        new() { Next = (state, asked) => state == from && asked == trigger ? to : JobTransitions.Next(state, asked) };
}
