using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

public sealed partial class ExperimentStore
{
    const string Columns = "e.id, e.seq, e.owner, e.name, e.title, e.spec_fingerprint, e.run_number, e.created_at, e.cancelled_at IS NOT NULL, e.cancelled_by";
    const string OneExperiment = $"SELECT {Columns} FROM experiment e WHERE e.id = $1 AND ($2::text IS NULL OR e.owner = $2)";
    const string UseColumns = $"use.key, use.reused, {JobStore.ViewColumns}";
    const string ItsJobs = $"SELECT {UseColumns} FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = $1 ORDER BY use.ordinal";
    const string ItsSpec = "SELECT spec::text FROM experiment WHERE id = $1";

    /// <summary>An experiment, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ExperimentView?> Find(Guid experiment, string? owner, CancellationToken ct = default) => database.Ask(async connection =>
    {
        await using var batch = await connection.Together(
            ct,
            (OneExperiment, [experiment, owner]),
            ("SELECT job.state, count(*)::int FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = $1 GROUP BY job.state", [experiment]));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var found = await reader.Rows(Summary, ct);
        var counts = (await reader.Rows(row => (State: Enum.Parse<JobState>(row.GetString(0)), Count: row.GetInt32(1)), ct)).ToDictionary(group => group.State, group => group.Count);
        return found is [var view] ? view(counts) : null;
    }, ct);

    /// <summary>An experiment with its jobs in the order of its plan and its spec; null when there is none or it belongs to somebody else.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ExperimentDetails?> Details(Guid experiment, string? owner, CancellationToken ct = default) =>
        database.Ask(async connection =>
        {
            await using var batch = await connection.Together(ct, (OneExperiment, [experiment, owner]), (ItsJobs, [experiment]), (ItsSpec, [experiment]));
            await using var reader = await batch.ExecuteReaderAsync(ct);
            var found = await reader.Rows(Summary, ct);
            var jobs = await reader.Rows(ReadUse, ct);
            var spec = await reader.Rows(row => row.GetString(0), ct);
            return found is [var view] ? DetailsOf(view, jobs, JsonSerializer.Deserialize<ExperimentSpec>(spec[0], SpecJson.Options)!) : null;
        }, ct);

    /// <summary>Statements that read some experiments ($1: their ids); their results go through <see cref="ReadDetails"/>.</summary>
    internal static (string Sql, object?[] Values)[] DetailsOf(Guid[] experiments) =>
        [
            ($"SELECT {Columns} FROM experiment e WHERE e.id = ANY($1)", [experiments]),
            ($"SELECT use.experiment_id, {UseColumns} FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = ANY($1) ORDER BY use.experiment_id, use.ordinal", [experiments]),
        ];

    /// <summary>The experiments that <see cref="DetailsOf(Guid[])"/> asked for, by id.</summary>
    internal static async Task<IReadOnlyDictionary<Guid, ExperimentDetails>> ReadDetails(NpgsqlDataReader reader, IReadOnlyDictionary<Guid, ExperimentSpec> specs, CancellationToken ct)
    {
        var found = await reader.Rows(row => (Id: row.GetGuid(0), View: Summary(row)), ct);
        var uses = (await reader.Rows(row => (Experiment: row.GetGuid(0), Use: ReadUse(row, 1)), ct)).ToLookup(row => row.Experiment, row => row.Use);
        return found.ToDictionary(row => row.Id, row => DetailsOf(row.View, [.. uses[row.Id]], specs[row.Id]));
    }

    static ExperimentDetails DetailsOf(Func<Dictionary<JobState, int>, ExperimentView> view, IReadOnlyList<ExperimentJobView> jobs, ExperimentSpec spec) =>
        new(view(jobs.GroupBy(use => use.Job.State).ToDictionary(group => group.Key, group => group.Count())), jobs, spec);

    /// <summary>Experiments that fulfil a filter, newest or oldest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="oldestFirst">The order.</param>
    /// <param name="after">The <see cref="ExperimentView.Seq"/> of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<ExperimentView>> List(ExperimentFilter filter, bool oldestFirst, long? after, int limit, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        var found = filter.Of(context);
        var page = oldestFirst
            ? found.Where(e => after == null || e.Seq > after).OrderBy(e => e.Seq).Take(limit)
            : found.Where(e => after == null || e.Seq < after).OrderByDescending(e => e.Seq).Take(limit);
        return await Views(context, page, ct);
    }

    /// <summary>The spec as it was submitted, or null when there is no such experiment.</summary>
    public async Task<ExperimentSpec?> Spec(Guid experiment, CancellationToken ct = default) =>
        await database.Ask(connection => connection.Value<string>(ItsSpec, [experiment], ct), ct) is { } text ? JsonSerializer.Deserialize<ExperimentSpec>(text, SpecJson.Options) : null;

    /// <summary>The jobs of an experiment in the order of its plan, parents first.</summary>
    public Task<IReadOnlyList<ExperimentJobView>> Jobs(Guid experiment, CancellationToken ct = default) =>
        database.Ask<IReadOnlyList<ExperimentJobView>>(async connection => await connection.Rows(ItsJobs, [experiment], ReadUse, ct), ct);

    static ExperimentJobView ReadUse(NpgsqlDataReader reader) => ReadUse(reader, 0);

    static ExperimentJobView ReadUse(NpgsqlDataReader reader, int at) => new(reader.GetString(at), reader.GetBoolean(at + 1), JobStore.ReadView(reader, at + 2));

    /// <summary>A view, once it is known how many of its jobs are in which state.</summary>
    static Func<Dictionary<JobState, int>, ExperimentView> Summary(NpgsqlDataReader reader)
    {
        var (id, seq, owner, name, title, fingerprint, run, created, cancelled, by) = (
            reader.GetGuid(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetInt32(6),
            reader.GetFieldValue<DateTimeOffset>(7), reader.GetBoolean(8), reader.Text(9));
        return jobs => new(id, seq, owner, name, title, fingerprint, run, ExperimentView.StateOf(jobs, cancelled), jobs, created, by);
    }

    static async Task<IReadOnlyList<ExperimentView>> Views(KdRobustContext context, IQueryable<ExperimentRow> page, CancellationToken ct)
    {
        var rows = await page.Select(e => new { e.Id, e.Seq, e.Owner, e.Name, e.Title, e.SpecFingerprint, e.RunNumber, e.CreatedAt, e.CancelledAt, e.CancelledBy }).ToListAsync(ct);
        var ids = rows.Select(row => row.Id).ToList();
        var counts = (await context.ExperimentJobs.Where(use => ids.Contains(use.ExperimentId))
            .Join(context.Jobs, use => use.JobId, job => job.Id, (use, job) => new { use.ExperimentId, job.State })
            .GroupBy(use => new { use.ExperimentId, use.State })
            .Select(group => new { group.Key.ExperimentId, group.Key.State, Count = group.Count() })
            .ToListAsync(ct)).ToLookup(group => group.ExperimentId);
        return [.. rows.Select(row =>
        {
            var jobs = counts[row.Id].ToDictionary(group => group.State, group => group.Count);
            return new ExperimentView(
                row.Id, row.Seq, row.Owner, row.Name, row.Title, row.SpecFingerprint, row.RunNumber,
                ExperimentView.StateOf(jobs, row.CancelledAt is not null), jobs, row.CreatedAt, row.CancelledBy);
        })];
    }
}
