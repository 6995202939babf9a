using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

/// <summary>
/// Submissions of new specs. One transaction of an owner at a time stores submissions, so whoever comes while one is under
/// way waits with the others, and all of them are stored by the next: two round trips and one commit for any number.
/// </summary>
/// <remarks>Each keeps its own line of the audit, its own promise of one effect and its own trace. It is all or nothing, and who gets an error has had nothing stored.</remarks>
sealed class SubmissionLine(NpgsqlDataSource database)
{
    // What one transaction stores: longer ones would have the first wait for the last.
    const int MostTogether = 32;

    readonly Lock guard = new();
    readonly Dictionary<string, List<Waiting>> lines = new(StringComparer.Ordinal);

    /// <summary>Stores a spec that this owner has not submitted before.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="spec">A spec without problems.</param>
    /// <param name="plan">Its plan as run 0.</param>
    /// <param name="ct">Leaves the line; once it is being stored it is stored.</param>
    /// <returns>Null when it is not new, or asks for something that only a submission by itself can answer; nothing was stored then.</returns>
    /// <exception cref="KeyEndedException">The key whose act this is opens nothing any more; nothing was stored.</exception>
    public async Task<(Submitted Submitted, ExperimentDetails Details)?> Store(string owner, ExperimentSpec spec, ExperimentPlan plan, CancellationToken ct)
    {
        // A file that is missing is one submission's error, not its neighbours'.
        if (plan.Jobs.Any(job => job.Payload is ImportPayload)) return null;
        var mine = new Waiting(new(Guid.CreateVersion7(), spec, plan.Fingerprint, plan, 0, SweepOnly: false, JobTrace.Here), Act.Present, ct);
        lock (guard)
        {
            if (lines.TryGetValue(owner, out var line))
                line.Add(mine);
            else
            {
                lines.Add(owner, [mine]);
                // None of them does it for the others: it belongs to no request, no trace and no act.
                using (ExecutionContext.SuppressFlow())
                    _ = Task.Run(() => Work(owner), CancellationToken.None);
            }
        }
        return await mine.Answer.Task;
    }

    async Task Work(string owner)
    {
        while (Next(owner) is { Count: > 0 } together)
        {
            try
            {
                var stored = await Store(owner, together);
                foreach (var (waiting, submitted) in together.Zip(stored)) waiting.Answer.TrySetResult(submitted);
            }
            catch (Exception error)
            {
                // By itself each of them finds out whether it was its own fault.
                foreach (var waiting in together)
                {
                    if (together.Count == 1 || Database.IsWeather(error)) waiting.Answer.TrySetException(error);
                    else waiting.Answer.TrySetResult(null);
                }
            }
        }
    }

    /// <summary>Who is stored next; nobody, and the line is closed, when nobody waits. Equal specs are stored one after the other: the second finds the first.</summary>
    List<Waiting> Next(string owner)
    {
        lock (guard)
        {
            var line = lines[owner];
            foreach (var left in line.Where(waiting => waiting.Given.IsCancellationRequested)) left.Answer.TrySetCanceled(left.Given);
            line.RemoveAll(waiting => waiting.Given.IsCancellationRequested);
            var together = line.DistinctBy(waiting => waiting.Experiment.Identity, StringComparer.Ordinal).Take(MostTogether).ToList();
            line.RemoveAll(together.Contains);
            if (together.Count == 0) lines.Remove(owner);
            return together;
        }
    }

    async Task<IReadOnlyList<(Submitted, ExperimentDetails)?>> Store(string owner, IReadOnlyList<Waiting> together)
    {
        var (connection, open, known, living) = await Look(owner, together);
        await using var _ = connection;
        foreach (var waiting in together.Where(waiting => waiting.Act?.KeyId is { } key && !open.Contains(key))) waiting.Answer.TrySetException(new KeyEndedException());
        var wanted = together.Where(waiting => !waiting.Answer.Task.IsCompleted && !known.Contains(waiting.Experiment.Identity)).ToList();
        var experiments = wanted.Select(waiting => waiting.Experiment).ToList();
        var laid = PlanRows.Lay(experiments, living);
        IReadOnlyDictionary<Guid, ExperimentDetails> details;
        await using (var batch = await connection.Together(CancellationToken.None, [.. Statements(owner, wanted, PlanRows.Statements(owner, experiments, living, laid)), ("COMMIT", [])]))
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            details = await ExperimentStore.ReadDetails(reader, experiments.ToDictionary(experiment => experiment.Id, experiment => experiment.Spec), CancellationToken.None);
            while (await reader.NextResultAsync())
            {
                // What the rest answers nobody needs, but it must have been carried out.
            }
        }
        foreach (var waiting in wanted) waiting.Act?.Written();
        var uses = laid.Uses.ToLookup(use => use.Experiment);
        return [.. together.Select<Waiting, (Submitted, ExperimentDetails)?>(waiting => details.GetValueOrDefault(waiting.Experiment.Id) is { } stored
            ? (new(waiting.Experiment.Id, true, 0, uses[waiting.Experiment.Id].Count(), uses[waiting.Experiment.Id].Where(use => use.Reused).Select(use => use.Job).Distinct().Count()), stored)
            : null)];
    }

    /// <summary>Begins the transaction, under the owner's lock, and says which keys still open, which specs there are already and which jobs live. May be tried again: nothing is written.</summary>
    async Task<(NpgsqlConnection, HashSet<Guid> Open, HashSet<string> Known, Dictionary<string, LivingJob> Living)> Look(string owner, IReadOnlyList<Waiting> together)
    {
        var keys = together.Select(waiting => waiting.Act?.KeyId).OfType<Guid>().Distinct().ToArray();
        var identities = together.Select(waiting => waiting.Experiment.Identity).ToArray();
        var fingerprints = PlanRows.Fingerprints(together.Select(waiting => waiting.Experiment));
        for (var attempt = 1; ; attempt++)
        {
            var connection = await database.OpenConnectionAsync();
            try
            {
                await using var batch = await connection.Together(
                    CancellationToken.None,
                    ("BEGIN", []),
                    Sql.OwnersLock(owner),
                    (ApiKeyStore.WhichOpen, [keys]),
                    ("SELECT spec_fingerprint FROM experiment WHERE owner = $1 AND spec_fingerprint = ANY($2)", [owner, identities]),
                    (LivingJob.Query, LivingJob.Values(owner, fingerprints)));
                HashSet<Guid> open;
                HashSet<string> known;
                List<(Guid, string, bool, string)> rows;
                await using (var reader = await batch.ExecuteReaderAsync())
                {
                    // The lock answers with a row of its own.
                    await reader.NextResultAsync();
                    open = [.. await reader.Rows(row => row.GetGuid(0), CancellationToken.None)];
                    known = [.. await reader.Rows(row => row.GetString(0), CancellationToken.None)];
                    rows = await reader.Rows(LivingJob.Read, CancellationToken.None);
                }
                return (connection, open, known, await LivingJob.Of(connection, rows, fingerprints, CancellationToken.None));
            }
            catch (Exception error) when (attempt < 3 && Database.IsWeather(error) && error.InnerException is not TimeoutException)
            {
                await connection.DisposeAsync();
                database.Clear();
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
    }

    static IEnumerable<(string Sql, object?[] Values)> Statements(string owner, List<Waiting> wanted, IEnumerable<(string Sql, object?[] Values)> rows)
    {
        if (wanted.Count == 0) yield break;
        foreach (var statement in rows) yield return statement;
        // The first that answer with rows.
        foreach (var statement in ExperimentStore.DetailsOf([.. wanted.Select(waiting => waiting.Experiment.Id)])) yield return statement;
        yield return ("SELECT pg_notify('kdr_experiment', id) FROM unnest($1::text[]) AS id", [wanted.Select(waiting => waiting.Experiment.Id.ToString()).ToArray()]);
        foreach (var waiting in wanted.Where(waiting => waiting.Act is not null))
            foreach (var statement in waiting.Act!.Lines($"experiment:{waiting.Experiment.Id}", "created"))
                yield return statement;
    }

    sealed record Waiting(NewExperiment Experiment, Act? Act, CancellationToken Given)
    {
        public TaskCompletionSource<(Submitted, ExperimentDetails)?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
