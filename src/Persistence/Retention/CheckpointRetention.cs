using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Retention;

/// <summary>
/// Deletes checkpoints that nothing can need: resume points of jobs that ended, and outputs that were replaced or belong to a
/// job that did not succeed and that no experiment uses. Best weights are outputs, so they stay as long as these do. Chunks
/// go later, when nothing names them.
/// </summary>
sealed class CheckpointRetention(NpgsqlDataSource database)
{
    /// <summary>Resume points: of succeeded jobs after a while, of failed and cancelled ones all but the newest at once and those after a longer while.</summary>
    internal Task<(int Files, long Bytes)> ResumePoints(RetentionSettings settings, bool dryRun, CancellationToken ct) => Delete(
        """
        SELECT old.id FROM checkpoint old JOIN job ON job.id = old.job_id
        WHERE old.role = 'Resume' AND (
            job.state = 'Succeeded' AND job.finished_at < clock_timestamp() - make_interval(days => $1::int)
            OR job.state IN ('Failed', 'Cancelled') AND (
                job.finished_at < clock_timestamp() - make_interval(days => $2::int)
                OR old.id NOT IN (
                    SELECT kept.id FROM checkpoint kept WHERE kept.job_id = old.job_id AND kept.role = 'Resume' AND kept.damaged_at IS NULL
                    ORDER BY kept.seq DESC LIMIT $3)))
        """,
        [settings.SucceededResumeDays, settings.EndedResumeDays, CheckpointStore.KeptResumePoints], dryRun, ct);

    /// <summary>
    /// Outputs that a newer undamaged one of the same job and name replaces once the job has ended, those of use to nobody, and the
    /// parts of shards whose merges have all succeeded: a merge has the whole job's fingerprint, so that nobody computes from them again.
    /// </summary>
    internal Task<(int Files, long Bytes)> Outputs(RetentionSettings settings, bool dryRun, CancellationToken ct) => Delete(
        """
        SELECT old.id FROM checkpoint old JOIN job ON job.id = old.job_id
        WHERE old.role = 'Output' AND job.state IN ('Succeeded', 'Failed', 'Cancelled') AND (
            EXISTS (
                SELECT 1 FROM checkpoint newer
                WHERE newer.job_id = old.job_id AND newer.role = 'Output' AND newer.name = old.name AND newer.seq > old.seq AND newer.damaged_at IS NULL)
            OR job.state <> 'Succeeded' AND job.finished_at < clock_timestamp() - make_interval(days => $1::int)
                AND NOT EXISTS (
                    SELECT 1 FROM experiment_job use JOIN experiment ON experiment.id = use.experiment_id
                    WHERE use.job_id = job.id AND experiment.cancelled_at IS NULL)
            OR job.state = 'Succeeded' AND old.name = $2 AND $3::int IS NOT NULL
                AND EXISTS (SELECT 1 FROM job_dependency edge WHERE edge.parent_id = job.id)
                AND NOT EXISTS (
                    SELECT 1 FROM job_dependency edge JOIN job merge ON merge.id = edge.job_id
                    WHERE edge.parent_id = job.id
                        AND (merge.state <> 'Succeeded' OR merge.finished_at IS NULL OR merge.finished_at > clock_timestamp() - make_interval(days => $3::int))))
        """,
        [settings.UnusedOutputDays, OutputNames.Part, settings.MergedPartDays], dryRun, ct);

    // A null number of days makes its comparison null, which deletes nothing.
    async Task<(int Files, long Bytes)> Delete(string which, object?[] values, bool dryRun, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows(
            dryRun
                ? $"SELECT count(*)::int, coalesce(sum(bytes), 0)::bigint FROM checkpoint WHERE id IN ({which})"
                : $"WITH gone AS (DELETE FROM checkpoint WHERE id IN ({which}) RETURNING bytes) SELECT count(*)::int, coalesce(sum(bytes), 0)::bigint FROM gone",
            values, reader => (reader.GetInt32(0), reader.GetInt64(1)), ct)).Single();
    }
}
