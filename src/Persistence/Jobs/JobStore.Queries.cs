using System.Linq.Expressions;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Schema;
using Microsoft.EntityFrameworkCore;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    /// <summary>A job, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<JobView?> Find(Guid job, string? owner, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        var row = await context.Jobs.Where(j => j.Id == job && (owner == null || j.Owner == owner)).Select(WithParents(context)).SingleOrDefaultAsync(ct);
        return row?.View();
    }

    /// <summary>The history of a job after an event, oldest first.</summary>
    public async Task<IReadOnlyList<JobEventView>> Events(Guid job, long after = 0, int limit = 1000, CancellationToken ct = default)
    {
        await using var context = KdRobustContext.Over(database);
        return await context.JobEvents.Where(line => line.JobId == job && line.Id > after).OrderBy(line => line.Id).Take(limit)
            .Select(line => new JobEventView(line.Id, line.JobId, line.FromState, line.ToState, line.Fence, line.Worker, line.Reason, line.At))
            .ToListAsync(ct);
    }

    /// <summary>Rows with the parents they wait for, ready to become views.</summary>
    internal static Expression<Func<JobRow, JobWithParents>> WithParents(KdRobustContext context) => job => new JobWithParents
    {
        Job = job,
        Parents = context.JobDependencies.Where(edge => edge.JobId == job.Id).Select(edge => edge.ParentId).Distinct().ToList(),
    };

    internal sealed class JobWithParents
    {
        public required JobRow Job { get; init; }
        public required List<Guid> Parents { get; init; }

        internal JobView View() => new()
        {
            Id = Job.Id,
            Name = Job.Name,
            Kind = Job.Kind,
            State = Job.State,
            Fingerprint = Job.Fingerprint,
            Attempt = Job.Attempt,
            MaxAttempts = Job.MaxAttempts,
            Fence = Job.Fence,
            Priority = Job.Priority,
            Worker = Job.Worker,
            CancelRequested = Job.CancelRequestedAt is not null,
            Progress = Job.Progress is null ? null : FromJson<JobProgress>(Job.Progress),
            Result = Job.Result is null ? null : FromJson<JobResult>(Job.Result),
            // A failure of an earlier attempt is history once the job succeeded.
            Failure = Job.State == JobState.Cancelled
                ? new JobFailure(FailureKind.Permanent, Job.Reason, "")
                : Job.Failure is null || Job.State == JobState.Succeeded ? null : FromJson<JobFailure>(Job.Failure),
            DependsOn = Parents,
            CreatedAt = Job.CreatedAt,
            StartedAt = Job.StartedAt,
            FinishedAt = Job.FinishedAt,
            PauseRequested = Job.PauseRequestedAt is not null,
            PausedAt = Job.PausedAt,
            StalledAt = Job.StalledAt,
            NotBefore = Job.NotBefore,
            GpuMemoryGiB = Job.GpuMemoryGib,
            Labels = Job.Labels,
            MicroBatch = Job.MicroBatch,
            CancelledWith = Job.UpstreamJobId,
        };
    }
}
