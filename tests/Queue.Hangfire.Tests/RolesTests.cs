using Hangfire.States;
using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>The engine under the roles of deploy/postgres/roles.sql: nobody has more rights than he needs, and nobody lacks one.</summary>
public sealed class RolesTests
{
    [PrivatePostgresFact]
    public async Task Migrator_makes_the_tables_and_worker_and_pages_work_with_the_rights_they_have()
    {
        await using var stage = await HangfireStage.OpenUnderRoles();
        var worker = stage.Stage.StartWorker(database: HangfireStage.As("kdr_worker", stage.Stage));
        var (job, _) = await stage.Stage.Submit(new ActionScript(Actions: [new(4, RunAction.RefuseInput, Times: 1)]));
        (await stage.Stage.UntilEnded(job)).State.ShouldBe(JobState.Failed, await stage.Stage.Dump());
        await stage.Until(job, "Failed");
        await stage.Press(job, new EnqueuedState());
        await stage.Stage.Until("it has succeeded", async () => await stage.Stage.Desk.StateOf(job) == JobState.Succeeded);
        await stage.Until(job, "Succeeded");

        var (other, otherSeed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(otherSeed, 3);
        await stage.Press(other, new DeletedState());
        (await stage.Stage.UntilEnded(other)).State.ShouldBe(JobState.Cancelled);
        await stage.Until(other, "Deleted");
        worker.Printed.ShouldNotContain("permission denied");
    }
}
