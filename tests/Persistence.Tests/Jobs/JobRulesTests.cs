using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>What the database enforces by itself, against statements no store would send.</summary>
public sealed class JobRulesTests(MigratedDatabase database) : IClassFixture<MigratedDatabase>
{
    static readonly JobState[] States = Enum.GetValues<JobState>();

    [PostgresFact]
    public async Task Trigger_allows_exactly_the_table_of_transitions()
    {
        var job = await new Desk(database.Database).SubmitOneJob();
        foreach (var from in States)
        {
            foreach (var to in States.Where(state => state != from))
            {
                var listed = Enum.GetValues<JobTrigger>().Any(trigger => JobTransitions.Next(from, trigger) == to);
                (await Moves(job, from, to)).ShouldBe(listed, $"{from} to {to}");
            }
        }
    }

    [PostgresFact]
    public async Task Ended_job_never_changes()
    {
        var job = await new Desk(database.Database).SubmitOneJob();
        foreach (var state in States.Where(state => state.IsTerminal()))
        {
            await Force(job, state);
            var refused = await Should.ThrowAsync<PostgresException>(() => database.Database.Execute($"UPDATE job SET priority = 9 WHERE id = '{job}'"));
            refused.ConstraintName.ShouldBe("job_terminal");
        }
    }

    [PostgresFact]
    public async Task Way_out_of_an_end_needs_a_higher_fence_and_a_new_life()
    {
        var job = await new Desk(database.Database).SubmitOneJob();
        foreach (var missing in new[] { "attempt = 0", "fence = fence + 1, attempt = 1", "fence = fence + 1, crash_count = 1", "fence = fence + 1, cancel_requested_at = now()" })
        {
            await Force(job, JobState.Failed);
            (await Should.ThrowAsync<PostgresException>(() => database.Database.Execute($"UPDATE job SET state = 'Queued', finished_at = NULL, {missing} WHERE id = '{job}'"))).ConstraintName.ShouldBe("job_terminal", missing);
        }
    }

    [PostgresFact]
    public async Task Fence_never_shrinks_and_grows_with_every_claim()
    {
        var job = await new Desk(database.Database).SubmitOneJob();
        await Force(job, JobState.Queued);
        await database.Database.Execute($"UPDATE job SET fence = 7 WHERE id = '{job}'");
        (await Should.ThrowAsync<PostgresException>(() => database.Database.Execute($"UPDATE job SET fence = 6 WHERE id = '{job}'"))).ConstraintName.ShouldBe("job_fence");
        (await Should.ThrowAsync<PostgresException>(() => database.Database.Execute($"UPDATE job SET state = 'Running', lease_until = now() WHERE id = '{job}'"))).ConstraintName.ShouldBe("job_fence");
        (await database.Database.Execute($"UPDATE job SET state = 'Running', fence = 8, lease_until = now() WHERE id = '{job}'")).ShouldBe(1);
    }

    [PostgresFact]
    public async Task History_is_append_only()
    {
        await new Desk(database.Database).SubmitOneJob();
        foreach (var statement in new[] { "UPDATE job_event SET reason = 'no'", "DELETE FROM job_event", "TRUNCATE job_event" })
            (await Should.ThrowAsync<PostgresException>(() => database.Database.Execute(statement))).ConstraintName.ShouldBe("job_event_append_only");
    }

    [PostgresFact]
    public async Task New_job_is_blocked_or_queued()
    {
        await new Desk(database.Database).SubmitOneJob();
        const string columns = "owner, kind, name, fingerprint, payload, threads, device, priority, reason, deps_left, fence, attempt, max_attempts, crash_count";
        (await Should.ThrowAsync<PostgresException>(() => database.Database.Execute(
            $"INSERT INTO job (id, state, lease_until, {columns}) SELECT gen_random_uuid(), 'Running', now(), {columns.Replace("fingerprint", "fingerprint || 'x'")} FROM job LIMIT 1"))).ConstraintName.ShouldBe("job_transition");
    }

    /// <summary>Puts the row into a state past the triggers, then tries to move it with them.</summary>
    async Task<bool> Moves(Guid job, JobState from, JobState to)
    {
        await Force(job, from);
        try
        {
            return await database.Database.Execute($"UPDATE job SET state = '{to}', fence = fence + 1, {Fitting(to)} WHERE id = '{job}'") == 1;
        }
        catch (PostgresException error) when (error.ConstraintName is "job_transition" or "job_terminal")
        {
            return false;
        }
    }

    Task Force(Guid job, JobState state) =>
        database.Database.Execute($"SET session_replication_role = replica; UPDATE job SET state = '{state}', {Fitting(state)} WHERE id = '{job}'; SET session_replication_role = origin");

    static string Fitting(JobState state) =>
        $"paused_at = {(state == JobState.Paused ? "now()" : "NULL")}, finished_at = {(state.IsTerminal() ? "now()" : "NULL")}, lease_until = {(state == JobState.Running ? "now()" : "NULL")}, "
        + $"result = {(state == JobState.Succeeded ? "'{}'" : "NULL")}, failure = {(state == JobState.Failed ? "'{}'" : "NULL")}, deps_left = {(state == JobState.Blocked ? 1 : 0)}";
}
