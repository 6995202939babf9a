using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

public sealed partial class ExperimentStore
{
    /// <summary>
    /// Submits one run of a spec, named by its number, inside the caller's transaction: an ordinary experiment. A run that is
    /// there already is returned as it is, however it ended.
    /// </summary>
    internal static async Task<Guid> SubmitRun(NpgsqlConnection connection, string owner, ExperimentSpec spec, int run, CancellationToken ct)
    {
        var identity = ExperimentPlan.Of(spec).Fingerprint;
        await connection.LockOwner(owner, ct);
        if (await connection.Value<Guid?>(
            "SELECT id FROM experiment WHERE owner = $1 AND spec_fingerprint = $2 AND run_number = $3 ORDER BY seq DESC LIMIT 1", [owner, identity, run], ct) is { } known)
            return known;
        var experiment = new NewExperiment(Guid.CreateVersion7(), spec, identity, ExperimentPlan.Of(spec, run), run, SweepOnly: false);
        await PlanRows.Insert(connection, owner, [experiment], ct);
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.Id.ToString()], ct);
        return experiment.Id;
    }
}
