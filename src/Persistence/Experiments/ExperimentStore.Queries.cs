using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using Microsoft.EntityFrameworkCore;

namespace KdRobust.Persistence.Experiments;

public sealed partial class ExperimentStore
{
    /// <summary>An experiment, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<ExperimentView?> Find(Guid experiment, string? owner, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        return (await Views(context, context.Experiments.Where(e => e.Id == experiment && (owner == null || e.Owner == owner)), ct)).SingleOrDefault();
    }

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
    public async Task<ExperimentSpec?> Spec(Guid experiment, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        var text = await context.Experiments.Where(e => e.Id == experiment).Select(e => e.Spec).SingleOrDefaultAsync(ct);
        return text is null ? null : JsonSerializer.Deserialize<ExperimentSpec>(text, SpecJson.Options);
    }

    /// <summary>The jobs of an experiment in the order of its plan, parents first.</summary>
    public async Task<IReadOnlyList<ExperimentJobView>> Jobs(Guid experiment, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        var uses = await context.ExperimentJobs.Where(use => use.ExperimentId == experiment).OrderBy(use => use.Ordinal).ToListAsync(ct);
        var ids = uses.Select(use => use.JobId).ToList();
        var jobs = await context.Jobs.Where(job => ids.Contains(job.Id)).Select(JobStore.WithParents(context)).ToDictionaryAsync(job => job.Job.Id, ct);
        return [.. uses.Select(use => new ExperimentJobView(use.Key, use.Reused, jobs[use.JobId].View()))];
    }

    /// <summary>Ids of the experiments that use a job, the newest hundred, newest first.</summary>
    public async Task<IReadOnlyList<Guid>> UsersOf(Guid job, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        return await context.ExperimentJobs.Where(use => use.JobId == job)
            .Join(context.Experiments, use => use.ExperimentId, e => e.Id, (_, e) => e)
            .OrderByDescending(e => e.Seq).Select(e => e.Id).Take(100).ToListAsync(ct);
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
