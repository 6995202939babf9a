using System.Diagnostics;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// How the trace of a request goes on in its jobs: every job row that a transaction inserts takes its
/// <c>trace_parent</c> (W3C) from this setting of the transaction, by the column's default. So whatever inserts jobs need
/// not name it, and a job that nobody traced has none.
/// </summary>
static class JobTrace
{
    internal const string Setting = "kdrobust.trace_parent";

    /// <summary>What the column is when a row does not say: the setting, or null.</summary>
    internal const string ColumnDefault = $"nullif(current_setting('{Setting}', true), '')";

    /// <summary>Lets the jobs this transaction inserts belong to the trace we are in; nothing when it is not recorded.</summary>
    internal static Task Follow(NpgsqlConnection connection, CancellationToken ct) =>
        Here is { } parent
            ? connection.Execute($"SELECT set_config('{Setting}', $1, true)", [parent], ct)
            : Task.CompletedTask;

    /// <summary>The trace we are in, for who inserts jobs of several; null when it is not recorded.</summary>
    internal static string? Here => Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } parent } ? parent : null;
}
