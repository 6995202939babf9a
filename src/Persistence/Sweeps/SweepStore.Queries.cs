using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Sweeps;

public sealed partial class SweepStore
{
    // What the jobs of each point say together; the states that occur decide it.
    const string PointStates =
        """
        SELECT p.sweep_id, p.rung, p.ordinal, p.axes::text AS axes, p.experiment_id, p.score, e.cancelled_at IS NOT NULL AS cancelled,
            (SELECT string_agg(DISTINCT job.state, ',' ORDER BY job.state) FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = e.id) AS states
        FROM sweep_point p JOIN experiment e ON e.id = p.experiment_id
        """;

    /// <summary>A sweep, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="sweep">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<SweepView?> Find(Guid sweep, string? owner, CancellationToken ct = default) =>
        (await Views("sweep.id = $1 AND ($2::text IS NULL OR owner = $2)", [sweep, owner], 1, ct)).SingleOrDefault();

    /// <summary>Sweeps, newest first.</summary>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="name">Only of this name, or null.</param>
    /// <param name="before">The <see cref="SweepView.Seq"/> of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public Task<IReadOnlyList<SweepView>> List(string? owner, string? name, long? before, int limit, CancellationToken ct = default) =>
        Views("($1::text IS NULL OR owner = $1) AND ($2::text IS NULL OR name = $2) AND ($3::bigint IS NULL OR seq < $3)", [owner, name, before], limit, ct);

    /// <summary>The spec as it was submitted, or null when there is no such sweep.</summary>
    public async Task<SweepSpec?> Spec(Guid sweep, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var text = await connection.Value<string>("SELECT spec::text FROM sweep WHERE id = $1", [sweep], ct);
        return text is null ? null : JsonSerializer.Deserialize<SweepSpec>(text, SpecJson.Options);
    }

    /// <summary>Points in the order of rungs and places.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="after">Rung and place of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<SweepPointView>> Points(Guid sweep, (int Rung, int Ordinal)? after, int limit, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            $"{PointStates} WHERE p.sweep_id = $1 AND (p.rung, p.ordinal) > ($2, $3) ORDER BY p.rung, p.ordinal LIMIT $4",
            [sweep, after?.Rung ?? 0, after?.Ordinal ?? -1, limit], ReadPoint, ct);
    }

    /// <summary>The table of what is measured now; null when there is no such sweep for this owner.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="sort">See <see cref="SweepTable.Of"/>.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">There is no column <paramref name="sort"/>.</exception>
    public async Task<SweepTable?> Table(Guid sweep, string? owner, string? sort, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var text = await connection.Value<string>("SELECT spec::text FROM sweep WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [sweep, owner], ct);
        if (text is null) return null;
        var spec = JsonSerializer.Deserialize<SweepSpec>(text, SpecJson.Options)!;
        SweepTable.Of(sweep, spec, [], sort); // A wrong column is refused before anything is read.

        var columns = spec.Base.ResultIds().ToList();
        // The last rung that a point reached.
        var points = (await connection.Rows($"{PointStates} WHERE p.sweep_id = $1 ORDER BY p.rung DESC, p.ordinal", [sweep], ReadPoint, ct)).DistinctBy(point => point.Ordinal).ToList();
        var sources = (await Sources(connection, sweep, null, ct)).ToDictionary(point => (point.Rung, point.Ordinal), point => point.Sources);
        var results = await Results(connection, [.. points.SelectMany(point => sources[(point.Rung, point.Ordinal)]).Select(source => source.Job).Distinct()], ct);
        var rows = points.Select(point => new SweepTableRow(
            point.Ordinal, point.Values, spec.Halving?.Rungs[point.Rung], point.Score, point.State.ToString().ToLowerInvariant(), point.Experiment,
            [.. columns.Select(column => sources[(point.Rung, point.Ordinal)].FirstOrDefault(source => source.Result == column) is { } source ? RecordOf(source, results) : null)])).ToList();
        return SweepTable.Of(sweep, spec, rows, sort);
    }

    async Task<IReadOnlyList<SweepView>> Views(string where, object?[] values, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        var rows = await connection.Rows(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"""
            SELECT id, seq, owner, name, title, fingerprint, run_number, open_rung IS NOT NULL, created_at, cancelled_at IS NOT NULL, cancelled_by, trouble
            FROM sweep WHERE {where} ORDER BY seq DESC LIMIT {limit}
            """),
            values,
            reader => new
            {
                Id = reader.GetGuid(0), Seq = reader.GetInt64(1), Owner = reader.GetString(2), Name = reader.GetString(3), Title = reader.GetString(4), Fingerprint = reader.GetString(5),
                Run = reader.GetInt32(6), ToDecide = reader.GetBoolean(7), CreatedAt = reader.GetFieldValue<DateTimeOffset>(8), Cancelled = reader.GetBoolean(9), CancelledBy = reader.Text(10), Trouble = reader.Text(11),
            }, ct);
        var ids = rows.Select(row => row.Id).ToArray();
        var rungs = (await connection.Rows(
            $"SELECT sweep_id, rung, cancelled, states, count(*)::int FROM ({PointStates} WHERE p.sweep_id = ANY($1)) point GROUP BY sweep_id, rung, cancelled, states",
            [ids], reader => (Sweep: reader.GetGuid(0), Rung: reader.GetInt32(1), State: StateOf(reader.GetString(3), reader.GetBoolean(2)), Count: reader.GetInt32(4)), ct)).ToLookup(row => row.Sweep);
        var jobs = (await connection.Rows(
            """
            SELECT sweep_id, state, count(*)::int FROM (
                SELECT DISTINCT p.sweep_id, job.id, job.state FROM sweep_point p JOIN experiment_job use ON use.experiment_id = p.experiment_id JOIN job ON job.id = use.job_id WHERE p.sweep_id = ANY($1)) job
            GROUP BY sweep_id, state
            """,
            [ids], reader => (Sweep: reader.GetGuid(0), State: Enum.Parse<JobState>(reader.GetString(1)), Count: reader.GetInt32(2)), ct)).ToLookup(row => row.Sweep);
        return [.. rows.Select(row =>
        {
            var progress = rungs[row.Id].GroupBy(entry => entry.Rung).OrderBy(rung => rung.Key)
                .Select(rung => new RungProgress(rung.Key, rung.GroupBy(entry => entry.State).OrderBy(state => state.Key).ToDictionary(state => state.Key, state => state.Sum(entry => entry.Count)))).ToList();
            return new SweepView(
                row.Id, row.Seq, row.Owner, row.Name, row.Title, row.Fingerprint, row.Run, SweepView.StateOf(progress, row.ToDecide, row.Trouble is not null, row.Cancelled), progress,
                jobs[row.Id].OrderBy(entry => entry.State).ToDictionary(entry => entry.State, entry => entry.Count), row.Trouble, row.CreatedAt, row.CancelledBy);
        })];
    }

    static ExperimentState StateOf(string states, bool cancelled) =>
        ExperimentView.StateOf(states.Split(',').ToDictionary(state => Enum.Parse<JobState>(state), _ => 1), cancelled);

    static SweepPointView ReadPoint(NpgsqlDataReader reader) => new(
        reader.GetInt32(1), reader.GetInt32(2), JsonSerializer.Deserialize<IReadOnlyList<JsonElement>>(reader.GetString(3), SpecJson.Options)!, reader.GetGuid(4),
        StateOf(reader.GetString(7), reader.GetBoolean(6)), reader.IsDBNull(5) ? null : reader.GetDouble(5));

    static Task<List<(int Rung, int Ordinal, IReadOnlyList<PointSource> Sources)>> Sources(NpgsqlConnection connection, Guid sweep, int? rung, CancellationToken ct) =>
        connection.Rows(
            "SELECT rung, ordinal, sources::text FROM sweep_point WHERE sweep_id = $1 AND ($2::int IS NULL OR rung = $2) ORDER BY rung, ordinal", [sweep, rung],
            reader => (reader.GetInt32(0), reader.GetInt32(1), JsonSerializer.Deserialize<IReadOnlyList<PointSource>>(reader.GetString(2), SpecJson.Options)!), ct);

    static async Task<IReadOnlyDictionary<Guid, MeasuredJob>> Results(NpgsqlConnection connection, Guid[] jobs, CancellationToken ct) =>
        (await connection.Rows(
            "SELECT id, fingerprint, (payload ->> 'seed')::bigint, result::text FROM job WHERE id = ANY($1) AND state = 'Succeeded'", [jobs],
            reader => (Id: reader.GetGuid(0), Job: new MeasuredJob(reader.GetString(1), reader.GetInt64(2), JsonSerializer.Deserialize<JobResult>(reader.GetString(3), SpecJson.Options)!)), ct))
            .ToDictionary(row => row.Id, row => row.Job);

    static ResultRecord? RecordOf(PointSource source, IReadOnlyDictionary<Guid, MeasuredJob> results)
    {
        if (!results.TryGetValue(source.Job, out var job) || CountOf(source, job.Result) is not { } count) return null;
        var answers = count.Of(source.Aggregation);
        return ResultRecord.Of(
            source.Result, count.Images, answers.Correct, answers.OverDraws, count.Draws, count.MeanDraws, source.Aggregation, job.Seed, job.Result.Seconds, source.Key, job.Fingerprint, job.Result.Provenance);
    }

    sealed record MeasuredJob(string Fingerprint, long Seed, JobResult Result);
}
