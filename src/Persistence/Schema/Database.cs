using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>How this program reaches PostgreSQL.</summary>
public static class Database
{
    /// <summary>Name of the environment variable that holds the connection string.</summary>
    public const string Variable = "KDR_DATABASE";

    // Any number no other program uses: "kdrobust" as eight bytes.
    const long MigrationLock = 0x6b64726f62757374;

    /// <summary>What is wrong with the form of a connection string, without any of its values; null when nothing is.</summary>
    public static string? Malformed(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString).Host is { Length: > 0 } ? null : "it names no Host";
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The message names the keyword, never a value.
            return error.Message;
        }
    }

    /// <summary>
    /// What to do when the server's certificate was refused (<c>SSL Mode=VerifyFull</c>, <c>Root Certificate=FILE</c>); null for
    /// every other error. A running program waits this out like weather; one that starts says it at once.
    /// </summary>
    public static string? CertificateRefused(Exception error) => error switch
    {
        System.Security.Authentication.AuthenticationException refused => $"its certificate is refused ({refused.Message}): 'Root Certificate' in {Variable} must name the CA that signed it, and with SSL Mode=VerifyFull its name must be the Host",
        _ => error.InnerException is { } inner ? CertificateRefused(inner) : null,
    };

    /// <summary>A pool of connections.</summary>
    /// <param name="connectionString">An Npgsql connection string.</param>
    /// <param name="application">Who we are, for pg_stat_activity and the names of metrics.</param>
    public static NpgsqlDataSource Open(string connectionString, string application)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = application,
            // Weather is found out within seconds, not after TCP's patience: a supervisor must know before its lease ends.
            Timeout = 5,
            CommandTimeout = 15,
            CancellationTimeout = 2000,
            KeepAlive = 10,
            MaxAutoPrepare = 40,
            IncludeErrorDetail = true,
            // A reset is seven statements before the first of every borrowed connection. Who changes a session restores it himself:
            // a lock, LISTEN or a SET outside of a transaction. What was left open is rolled back in any case.
            NoResetOnClose = true,
            // A program that is halted in the middle of a transaction must not keep its locks: the reaper passes over locked rows.
            // One that the network has swallowed is found out within seconds too, not after the server's two hours.
            Options = "-c idle_in_transaction_session_timeout=5s -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
        };
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = application }.Build();
    }

    /// <summary>Brings the schema up to this build's; a second call, or one from another process at the same time, changes nothing.</summary>
    /// <returns>Names of the migrations applied now.</returns>
    /// <exception cref="NewerDatabaseException">A newer program has migrated it; nothing is changed then.</exception>
    public static async Task<IReadOnlyList<string>> Migrate(NpgsqlDataSource database, CancellationToken ct = default)
    {
        await using var guard = await database.OpenConnectionAsync(ct);
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_lock($1)", guard) { Parameters = { new() { Value = MigrationLock } }, CommandTimeout = 300 })
            await take.ExecuteNonQueryAsync(ct);
        try
        {
            RefuseNewer(await Applied(guard, ct));
            await using var context = KdRobustContext.Over(database);
            var pending = (await context.Database.GetPendingMigrationsAsync(ct)).ToList();
            // A role that may not change the schema need not: EF locks its history even when there is nothing to do.
            if (pending.Count > 0)
            {
                // A large table takes its time, and nobody else is served meanwhile anyway.
                context.Database.SetCommandTimeout(TimeSpan.FromHours(4));
                await context.Database.OpenConnectionAsync(ct);
                await context.Database.ExecuteSqlRawAsync("SET idle_in_transaction_session_timeout = 0", ct);
                try
                {
                    await context.Database.MigrateAsync(ct);
                }
                finally
                {
                    if (context.Database.GetDbConnection().State == System.Data.ConnectionState.Open)
                        await context.Database.ExecuteSqlRawAsync("RESET idle_in_transaction_session_timeout", CancellationToken.None);
                }
            }
            return pending;
        }
        finally
        {
            await using var release = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", guard) { Parameters = { new() { Value = MigrationLock } } };
            await release.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    /// <summary>True when every migration of this build is applied; false also when there are none of ours at all.</summary>
    /// <exception cref="NewerDatabaseException">A newer program has migrated it.</exception>
    public static async Task<bool> IsMigrated(NpgsqlDataSource database, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var applied = await Applied(connection, ct);
        RefuseNewer(applied);
        return Known.IsSubsetOf(applied);
    }

    /// <summary>The migrations of this build, oldest first.</summary>
    public static IReadOnlyList<string> Migrations { get; } =
        // Read without the model: a supervisor asks this and needs no model otherwise.
        [.. typeof(KdRobustContext).Assembly.GetTypes().Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().Order(StringComparer.Ordinal)];

    static readonly HashSet<string> Known = new(Migrations, StringComparer.Ordinal);

    static async Task<IReadOnlyList<string>> Applied(NpgsqlConnection connection, CancellationToken ct) =>
        await connection.Value<bool>("SELECT to_regclass('\"__EFMigrationsHistory\"') IS NULL", [], ct)
            ? []
            : await connection.Rows("SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY 1", [], reader => reader.GetString(0), ct);

    static void RefuseNewer(IReadOnlyList<string> applied)
    {
        if (applied.Where(migration => !Known.Contains(migration)).ToList() is { Count: > 0 } unknown)
            throw new NewerDatabaseException(unknown);
    }

    /// <summary>
    /// True for what passes by itself: no connection, a server that starts or stops, a deadlock. False for what the same
    /// statement would meet again.
    /// </summary>
    public static bool IsWeather(Exception error) => error switch
    {
        PostgresException refused => refused.IsTransient || refused.SqlState.StartsWith("57P", StringComparison.Ordinal) || refused.SqlState.StartsWith("08", StringComparison.Ordinal)
            // The server ended a transaction that stood still: the network swallowed what it waited for, or this program was halted.
            || refused.SqlState is "25P03" or "25P04",
        NpgsqlException => true,
        TimeoutException => true,
        System.Net.Sockets.SocketException => true,
        // How the driver says that a connection broke between two of its own steps.
        ObjectDisposedException { ObjectName: "System.Threading.ManualResetEventSlim" or "System.Net.Sockets.Socket" or "System.Net.Sockets.NetworkStream" } => true,
        InvalidOperationException { Source: "Npgsql", Message: "Connection is not open" } => true,
        _ => error.InnerException is { } inner && IsWeather(inner),
    };
}

/// <summary>The database is of a newer program than this one, which must not touch it.</summary>
/// <param name="unknown">The migrations this build does not know, oldest first.</param>
public sealed class NewerDatabaseException(IReadOnlyList<string> unknown) : Exception(
    $"the database was migrated by a newer version than this program ({unknown[^1]} is not known here): start that version, or restore a backup from before the upgrade")
{
    /// <summary>The migrations this build does not know, oldest first.</summary>
    public IReadOnlyList<string> Unknown { get; } = unknown;
}
