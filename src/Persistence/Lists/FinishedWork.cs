using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Lists;

/// <summary>A job of an owner that a plan would use rather than compute.</summary>
public sealed record KnownJob(Guid Id, JobState State);

/// <summary>What an owner has computed already: what a plan can use, and how long such work took.</summary>
public sealed class FinishedWork(NpgsqlDataSource database)
{
    const int Newest = 200;

    /// <summary>The jobs of an owner that live or succeeded under these fingerprints, by fingerprint.</summary>
    public async Task<IReadOnlyDictionary<string, KnownJob>> Known(string owner, IReadOnlyList<string> fingerprints, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows(
            "SELECT fingerprint, id, state FROM job WHERE owner = $1 AND fingerprint = ANY($2) AND state NOT IN ('Failed', 'Cancelled')",
            [owner, fingerprints.ToArray()],
            reader => (Fingerprint: reader.GetString(0), Job: new KnownJob(reader.GetGuid(1), Enum.Parse<JobState>(reader.GetString(2)))), ct))
            .ToDictionary(known => known.Fingerprint, known => known.Job, StringComparer.Ordinal);
    }

    /// <summary>How long the newest finished jobs of an owner took, those of the kinds asked for, at most two hundred of each.</summary>
    public async Task<IReadOnlyList<MeasuredWork>> Measured(string owner, IReadOnlyCollection<string> kinds, CancellationToken ct = default)
    {
        var measured = new List<MeasuredWork>();
        await using var connection = await database.OpenLiving(ct);
        foreach (var kind in kinds)
        {
            var rows = await connection.Rows(
                """
                SELECT payload::text, (result ->> 'seconds')::float8 FROM job
                WHERE owner = $1 AND kind = $2 AND state = 'Succeeded' ORDER BY seq DESC LIMIT $3
                """,
                [owner, kind, Newest], reader => (Payload: reader.GetString(0), Seconds: reader.GetDouble(1)), ct);
            measured.AddRange(rows.Select(row => Work(row.Payload, row.Seconds)).OfType<MeasuredWork>());
        }
        return measured;
    }

    static MeasuredWork? Work(string payload, double seconds)
    {
        try
        {
            return new MeasuredWork(WorkUnits.Of(JsonSerializer.Deserialize<JobPayload>(payload, SpecJson.Options)!), seconds);
        }
        catch (JsonException)
        {
            return null; // Another version's job says nothing about this one's.
        }
    }
}
