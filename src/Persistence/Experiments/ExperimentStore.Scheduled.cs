using System.Text.Json;
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
        var experiment = Guid.CreateVersion7();
        await connection.Execute(
            "INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) VALUES ($1, $2, $3, $4, $5::json, $6, $7)",
            [experiment, owner, spec.Name, spec.Title, JsonSerializer.Serialize(spec, SpecJson.Options), identity, run], ct);
        await InsertJobs(connection, owner, experiment, ExperimentPlan.Of(spec, run), ct);
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.ToString()], ct);
        return experiment;
    }
}
