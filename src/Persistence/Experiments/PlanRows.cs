using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

/// <summary>An experiment that is to be stored.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Spec">Its spec.</param>
/// <param name="Identity">Fingerprint of the spec as run 0.</param>
/// <param name="Plan">Its plan as this run.</param>
/// <param name="Run">Its run number.</param>
/// <param name="SweepOnly">True when only a sweep asks for it.</param>
/// <param name="TraceParent">The span that asked for it; null for the transaction's own (<see cref="JobTrace"/>), if there is one.</param>
sealed record NewExperiment(Guid Id, ExperimentSpec Spec, string Identity, ExperimentPlan Plan, int Run, bool SweepOnly, string? TraceParent = null);

/// <summary>What was stored.</summary>
/// <param name="Uses">Jobs that the experiments use, each as often as it is used.</param>
/// <param name="Living">Distinct jobs among them that were there already.</param>
/// <param name="Jobs">Fingerprint to job, of every job of the plans but shards of what is computed otherwise.</param>
sealed record StoredPlans(int Uses, int Living, IReadOnlyDictionary<string, Guid> Jobs);

/// <summary>
/// Writes any number of experiments in a few statements: one or ten thousand, the rows are the same. A job that several of
/// them need is made once; one that its owner has already is used.
/// </summary>
static class PlanRows
{
    // Bounds the memory of one statement's parameters, not what can be stored.
    const int RowsPerStatement = 1000;

    // Statements that go together in one round trip; ten thousand experiments need more.
    const int StatementsTogether = 10;

    /// <summary>Stores experiments with their jobs and who waits for whom. The caller holds the owner's lock and commits.</summary>
    /// <exception cref="ModelFilesMissingException">A model imports a file that this owner has not uploaded.</exception>
    internal static async Task<StoredPlans> Insert(NpgsqlConnection connection, string owner, IReadOnlyList<NewExperiment> experiments, CancellationToken ct)
    {
        var fingerprints = Fingerprints(experiments);
        var living = await LivingJob.Find(connection, owner, fingerprints, ct);
        var laid = Lay(experiments, living);
        // A job that lives keeps its file, and one that succeeded needs it no more.
        await ModelFileStore.Require(connection, owner, laid.Made.Select(job => job.Planned.Payload).OfType<ImportPayload>().Select(import => import.File.Sha256), ct);
        foreach (var statements in Statements(owner, experiments, living, laid).Chunk(StatementsTogether))
        {
            await using var batch = await connection.Together(ct, statements);
            await batch.ExecuteNonQueryAsync(ct);
        }
        var before = living.Values.SelectMany(WithShards).ToHashSet();
        return new(laid.Uses.Count, laid.Uses.Select(use => use.Job).Distinct().Count(before.Contains), laid.Known.ToDictionary(job => job.Key, job => job.Value.Id, StringComparer.Ordinal));
    }

    /// <summary>Fingerprints of all jobs of some experiments, each once.</summary>
    internal static string[] Fingerprints(IEnumerable<NewExperiment> experiments) =>
        [.. experiments.SelectMany(experiment => experiment.Plan.Jobs).Select(job => job.Fingerprint).Distinct(StringComparer.Ordinal)];

    /// <summary>What writes the rows, in order.</summary>
    internal static IEnumerable<(string Sql, object?[] Values)> Statements(string owner, IReadOnlyList<NewExperiment> experiments, Dictionary<string, LivingJob> living, Layout laid)
    {
        // Who needs a job withdraws the request to cancel it.
        if (living.Count > 0)
            yield return (
                "UPDATE job SET cancel_requested_at = NULL, cancel_requested_by = NULL WHERE id = ANY($1) AND state = 'Running' AND cancel_requested_at IS NOT NULL",
                [living.Values.SelectMany(WithShards).ToArray()]);
        foreach (var chunk in laid.Made.Chunk(RowsPerStatement)) yield return Jobs(owner, chunk);
        foreach (var chunk in laid.Made.SelectMany(job => job.Parents.Select(parent => (job.Id, Parent: parent))).Chunk(RowsPerStatement))
            yield return (
                "INSERT INTO job_dependency (job_id, role, parent_id, output) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])",
                [
                    chunk.Select(edge => edge.Id).ToArray(), chunk.Select(edge => edge.Parent.Role).ToArray(),
                    chunk.Select(edge => edge.Parent.Job).ToArray(), chunk.Select(edge => edge.Parent.Output).ToArray(),
                ]);
        foreach (var chunk in experiments.Chunk(RowsPerStatement)) yield return Experiments(owner, chunk);
        foreach (var chunk in laid.Uses.Chunk(RowsPerStatement))
            yield return (
                "INSERT INTO experiment_job (experiment_id, key, job_id, ordinal, reused) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::boolean[])",
                [
                    chunk.Select(use => use.Experiment).ToArray(), chunk.Select(use => use.Key).ToArray(), chunk.Select(use => use.Job).ToArray(),
                    chunk.Select(use => use.Ordinal).ToArray(), chunk.Select(use => use.Reused).ToArray(),
                ]);
    }

    static IEnumerable<Guid> WithShards(LivingJob job) => job.Shards.Select(shard => shard.Id).Append(job.Id);

    /// <summary>
    /// Which rows there will be, as if the experiments had come one after the other: what an earlier one has made is there
    /// already for the later. A merge that is known comes with its own shards, however a later plan cuts the same work.
    /// </summary>
    internal static Layout Lay(IReadOnlyList<NewExperiment> experiments, Dictionary<string, LivingJob> living)
    {
        var known = new Dictionary<string, LivingJob>(living, StringComparer.Ordinal);
        var (made, uses) = (new List<NewJob>(), new List<JobUse>());
        foreach (var experiment in experiments)
        {
            var ordinal = 0;
            foreach (var job in experiment.Plan.Jobs)
            {
                if (job.ShardOf is { } merge && known.ContainsKey(experiment.Plan.Job(merge).Fingerprint)) continue;
                var reused = known.TryGetValue(job.Fingerprint, out var found);
                if (reused)
                    foreach (var (shard, range) in found!.Shards)
                        uses.Add(new(experiment.Id, ExperimentPlan.ShardKey(job.Key, range), shard, ordinal++, true));
                else
                {
                    // Parents stand before their children, in a plan and among plans.
                    var parents = job.Inputs.Select(input => (Role: input.Key, Job: known[experiment.Plan.Job(input.Value.Job).Fingerprint], input.Value.Output)).ToList();
                    IReadOnlyList<(Guid, ImageRange)> shards = job.Payload is MergePayload merging
                        ? [.. merging.Shards.Select((range, i) => (parents.Single(parent => parent.Role == InputRoles.Shard(i)).Job.Id, range))] : [];
                    found = new(Guid.CreateVersion7(), Succeeded: false, shards);
                    known.Add(job.Fingerprint, found);
                    made.Add(new(
                        found.Id, job, experiment.Spec.Compute.Requires, parents.Where(parent => !parent.Job.Succeeded).Select(parent => parent.Job.Id).Distinct().Count(),
                        [.. parents.Select(parent => (parent.Role, parent.Job.Id, parent.Output))], experiment.TraceParent));
                }
                uses.Add(new(experiment.Id, job.Key, found!.Id, ordinal++, reused));
            }
        }
        return new(known, made, uses);
    }

    static (string Sql, object?[] Values) Jobs(string owner, NewJob[] jobs) => (
        """
        INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count,
            results_version, gpu_memory_gib, labels, trace_parent)
        SELECT id, $1, kind, name, fingerprint, payload::jsonb, threads, device, 0, CASE WHEN waits_for = 0 THEN 'Queued' ELSE 'Blocked' END, 'submitted', waits_for, 0, 0, $2, 0,
            results_version, gpu_memory_gib, ARRAY(SELECT jsonb_array_elements_text(labels::jsonb)),
            coalesce(trace_parent, nullif(current_setting('kdrobust.trace_parent', true), ''))
        FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[], $10::int[], $11::int[], $12::int[], $13::text[], $14::text[])
            WITH ORDINALITY AS new(id, kind, name, fingerprint, payload, threads, device, waits_for, results_version, gpu_memory_gib, labels, trace_parent, place)
        ORDER BY place
        """,
        [
            owner, RetryPolicy.MaxAttempts, jobs.Select(job => job.Id).ToArray(), jobs.Select(job => job.Planned.Payload.KindName).ToArray(),
            jobs.Select(job => job.Planned.DisplayName).ToArray(), jobs.Select(job => job.Planned.Fingerprint).ToArray(),
            jobs.Select(job => JsonSerializer.Serialize(job.Planned.Payload, SpecJson.Options)).ToArray(),
            jobs.Select(job => job.Planned.Payload.Compute.Threads).ToArray(), jobs.Select(job => JobStore.Stored(job.Planned.Payload.Compute.Device)).ToArray(),
            jobs.Select(job => job.WaitsFor).ToArray(), jobs.Select(job => ResultsVersions.Known[job.Planned.Payload.KindName]).ToArray(),
            jobs.Select(job => job.Requires?.GpuMemoryGib ?? 0).ToArray(),
            jobs.Select(job => JsonSerializer.Serialize(job.Requires?.Labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray() ?? [])).ToArray(),
            jobs.Select(job => job.TraceParent).ToArray(),
        ]);

    static (string Sql, object?[] Values) Experiments(string owner, NewExperiment[] experiments) => (
        """
        INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number, sweep_only)
        SELECT id, $1, name, title, spec::json, identity, run, sweep_only
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::boolean[]) WITH ORDINALITY AS new(id, name, title, spec, identity, run, sweep_only, place)
        ORDER BY place
        """,
        [
            owner, experiments.Select(e => e.Id).ToArray(), experiments.Select(e => e.Spec.Name).ToArray(), experiments.Select(e => e.Spec.Title).ToArray(),
            experiments.Select(e => JsonSerializer.Serialize(e.Spec, SpecJson.Options)).ToArray(), experiments.Select(e => e.Identity).ToArray(),
            experiments.Select(e => e.Run).ToArray(), experiments.Select(e => e.SweepOnly).ToArray(),
        ]);

    /// <summary>The rows there will be: every job by fingerprint, those that are made, and who uses which.</summary>
    internal sealed record Layout(Dictionary<string, LivingJob> Known, List<NewJob> Made, List<JobUse> Uses);

    internal sealed record NewJob(
        Guid Id, PlannedJob Planned, RequirementsSpec? Requires, int WaitsFor, IReadOnlyList<(string Role, Guid Job, string Output)> Parents, string? TraceParent);

    internal readonly record struct JobUse(Guid Experiment, string Key, Guid Job, int Ordinal, bool Reused);
}
