using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>A bug in what a worker does besides its jobs is noticed when it happens, not when the worker is told to end.</summary>
public sealed class BrokenLoopTests
{
    /// <summary>Seconds: both loops look several times in it, and no test waits for its end.</summary>
    const int BriskLease = 12;

    static readonly ActionScript WaitsInFive = new(Actions: [new(5, RunAction.Wait)]);

    [PostgresFact]
    public async Task Worker_whose_reaper_meets_a_bug_gives_its_job_back_and_ends_with_an_error()
    {
        await using var stage = await Stage.Open(BriskLease);
        var dead = (await stage.Submit(WaitsInFive)).Job;
        await stage.Desk.Claim("dead");
        await stage.Database.Execute($"UPDATE job SET lease_until = clock_timestamp() + interval '1 h' WHERE id = '{dead}'");
        await stage.Database.Execute(
            """
            CREATE FUNCTION bug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a bug, as scripted'; END $$;
            CREATE TRIGGER bug BEFORE UPDATE ON job FOR EACH ROW WHEN (OLD.state = 'Running' AND NEW.fence > OLD.fence) EXECUTE FUNCTION bug()
            """);
        await Ends(stage, () => stage.Desk.Expire(dead), "a bug, as scripted");
    }

    [PostgresFact]
    public async Task Worker_that_can_never_again_say_that_it_is_there_gives_its_job_back_and_ends_with_an_error()
    {
        await using var stage = await Stage.Open(BriskLease);
        await Ends(stage, () => stage.Database.Execute("ALTER TABLE worker RENAME COLUMN images_per_second TO renamed"), "images_per_second");
    }

    static async Task Ends(Stage stage, Func<Task> breakIt, string said)
    {
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        await breakIt();
        (await worker.Ended(90)).ShouldBe(1, worker.Printed);
        worker.Printed.ShouldContain("the worker ends because of a bug");
        worker.Printed.ShouldContain(said);
        var view = await stage.Desk.Job(job);
        (view.State, view.Attempt).ShouldBe((JobState.Queued, 0), worker.Printed);
    }
}
