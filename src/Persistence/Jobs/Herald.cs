using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// Tells who watches that jobs were claimed, after the commit and many in one statement: a transaction that notifies holds a lock
/// of the whole server until it is on disk, and claims would come one after the other. A hint that is lost is no loss: every
/// change feed looks at the rows again when it has heard nothing for its poll interval.
/// </summary>
sealed class Herald(NpgsqlDataSource database)
{
    readonly Lock guard = new();
    HashSet<Guid> waiting = [];
    bool telling;

    /// <summary>Tells of a job soon.</summary>
    internal void Tell(Guid job)
    {
        lock (guard)
        {
            waiting.Add(job);
            if (telling)
                return;
            telling = true;
        }
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(Work);
    }

    async Task Work()
    {
        try
        {
            while (Next() is { Count: > 0 } jobs)
                await Tell(jobs);
        }
        catch
        {
            // The next claim is told again, and those that wait do not pile up.
            lock (guard)
                (telling, waiting) = (false, []);
            throw;
        }
    }

    async Task Tell(HashSet<Guid> jobs)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync();
            await connection.Execute("SELECT pg_notify('kdr_job', id) FROM unnest($1::text[]) AS id", [jobs.Select(job => job.ToString()).ToArray()], CancellationToken.None);
        }
        catch (Exception error) when (Database.IsWeather(error) || error is ObjectDisposedException)
        {
            // Whoever watches looks again by himself.
        }
    }

    HashSet<Guid> Next()
    {
        lock (guard)
        {
            var jobs = waiting;
            waiting = [];
            telling = jobs.Count > 0;
            return jobs;
        }
    }
}
