using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

/// <summary>A job of an owner that a plan asks for and that has neither failed nor been cancelled.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Succeeded">True when nobody has to wait for it.</param>
/// <param name="Shards">
/// Of a merge that has not ended, the shards it waits for. Whoever uses the merge uses them, however its own spec cuts the
/// work: they must not be cancelled as nobody else's.
/// </param>
sealed record LivingJob(Guid Id, bool Succeeded, IReadOnlyList<(Guid Id, ImageRange Range)> Shards)
{
    /// <summary>
    /// Finds and locks them, together with the shards of merges, in the order in which jobs are always locked: none of them ends
    /// between being counted as a parent and being written down as one.
    /// </summary>
    /// <returns>By fingerprint.</returns>
    internal static async Task<Dictionary<string, LivingJob>> Find(NpgsqlConnection connection, string owner, string[] fingerprints, CancellationToken ct) =>
        await Of(connection, await connection.Rows(Query, Values(owner, fingerprints), Read, ct), fingerprints, ct);

    /// <summary>The statement that finds and locks them; its rows go through <see cref="Read"/> to <see cref="Of"/>.</summary>
    internal const string Query =
        """
        WITH wanted AS (
            SELECT id, kind, state FROM job WHERE owner = $1 AND fingerprint = ANY($2) AND state NOT IN ('Failed', 'Cancelled'))
        SELECT id, fingerprint, state = 'Succeeded', kind FROM job
        WHERE state NOT IN ('Failed', 'Cancelled') AND id IN (
            SELECT id FROM wanted
            UNION SELECT edge.parent_id FROM job_dependency edge JOIN wanted ON wanted.id = edge.job_id AND wanted.kind = $3 AND wanted.state <> 'Succeeded')
        ORDER BY seq FOR UPDATE
        """;

    internal static object?[] Values(string owner, string[] fingerprints) => [owner, fingerprints, MergePayload.Kind];

    internal static (Guid Id, string Fingerprint, bool Succeeded, string Kind) Read(NpgsqlDataReader reader) => (reader.GetGuid(0), reader.GetString(1), reader.GetBoolean(2), reader.GetString(3));

    /// <summary>The jobs of the rows by fingerprint; those of merges that have not ended with their shards, which are asked for here.</summary>
    internal static async Task<Dictionary<string, LivingJob>> Of(
        NpgsqlConnection connection, IReadOnlyList<(Guid Id, string Fingerprint, bool Succeeded, string Kind)> rows, string[] fingerprints, CancellationToken ct)
    {
        var asked = fingerprints.ToHashSet(StringComparer.Ordinal);
        var living = new Dictionary<string, LivingJob>(StringComparer.Ordinal);
        foreach (var row in rows.Where(row => asked.Contains(row.Fingerprint)))
            living[row.Fingerprint] = new(row.Id, row.Succeeded, row.Kind == MergePayload.Kind && !row.Succeeded ? await ShardsOf(connection, row.Id, ct) : []);
        return living;
    }

    static async Task<IReadOnlyList<(Guid Id, ImageRange Range)>> ShardsOf(NpgsqlConnection connection, Guid merge, CancellationToken ct) =>
        await connection.Rows(
            "SELECT parent.id, parent.payload ->> 'shard' FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id WHERE edge.job_id = $1 ORDER BY parent.seq",
            [merge], reader => (reader.GetGuid(0), JsonSerializer.Deserialize<ImageRange>(reader.GetString(1), SpecJson.Options)!), ct);
}
