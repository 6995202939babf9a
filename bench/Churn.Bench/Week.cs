using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Retention;
using Npgsql;

namespace KdRobust.Churn.Bench;

/// <summary>Trainings that store what a worker stores, by the stores a worker uses; nobody computes.</summary>
sealed class Week(NpgsqlDataSource database, int trainings)
{
    const int ResumeBytes = 1 << 20, TimesAnHour = 2;

    readonly CheckpointStore checkpoints = new(database);
    readonly List<JobLease> running = [];
    readonly Random bytes = new(1);
    int day;

    /// <summary>Bytes stored so far.</summary>
    internal long Written { get; private set; }

    /// <summary>One hour of all trainings.</summary>
    internal async Task Hour(bool endOfDay)
    {
        while (running.Count < trainings)
            running.Add(await Begin());
        for (var time = 0; time < TimesAnHour; time++)
        {
            foreach (var lease in running)
                await Store(lease, CheckpointRole.Resume, "resume");
        }
        if (endOfDay)
        {
            foreach (var lease in running)
            {
                await Store(lease, CheckpointRole.Output, OutputNames.Weights);
                await Run($"UPDATE job SET state = 'Succeeded', reason = 'completed', lease_until = NULL, finished_at = clock_timestamp(), result = jsonb_build_object() WHERE id = '{lease.JobId}'");
            }
            running.Clear();
            await new RetentionChore(database, checkpoints).Run(new RetentionSettings { SucceededResumeDays = 0 }, dryRun: false);
            day++;
        }
        await checkpoints.CollectGarbage(TimeSpan.Zero);
        // The rest of the hour, in which the server finds time to vacuum.
        await Task.Delay(TimeSpan.FromSeconds(0.5));
    }

    async Task<JobLease> Begin()
    {
        var id = Guid.CreateVersion7();
        await Run(
            $"""
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            VALUES ('{id}', 'bench', 'train', 'train day {day}', '{id}', jsonb_build_object(), 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 3, 0);
            UPDATE job SET state = 'Running', reason = 'claimed', fence = 1, attempt = 1, lease_until = clock_timestamp() + interval '1 day', worker = 'bench' WHERE id = '{id}';
            """);
        return new JobLease(id, 1, "bench");
    }

    async Task Store(JobLease lease, CheckpointRole role, string name)
    {
        var content = new byte[ResumeBytes];
        bytes.NextBytes(content);
        _ = await checkpoints.Register(lease, role, name, 1, 1, await checkpoints.Write(new MemoryStream(content)), [])
            ?? throw new InvalidOperationException("the lease is gone");
        Written += content.Length;
    }

    async Task Run(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
