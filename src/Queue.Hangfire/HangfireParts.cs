using Hangfire;
using Hangfire.Client;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using KdRobust.Persistence.Jobs;
using Npgsql;

namespace KdRobust.Queue.Hangfire;

/// <summary>Hangfire as we use it: its storage, and its two ways to change a job's state.</summary>
sealed class HangfireParts
{
    // A worker that dies while it holds Hangfire's lock of a job, for some milliseconds, makes others wait so long.
    static readonly TimeSpan LongestLock = TimeSpan.FromSeconds(10);

    /// <summary>How long an entry of a queue stays hidden from others after the last sign of life of who took it.</summary>
    internal static readonly TimeSpan Invisibility = TimeSpan.FromSeconds(60);

    internal HangfireParts(NpgsqlDataSource database, JobStore jobs)
    {
        Rows = new MirroredRows(database);
        Storage = new PostgreSqlStorage(
            new DataSourceConnections(database),
            new PostgreSqlStorageOptions
            {
                SchemaName = HangfireTables.SchemaName,
                PrepareSchemaIfNecessary = false,
                UseSlidingInvisibilityTimeout = true,
                InvisibilityTimeout = Invisibility,
                DistributedLockTimeout = LongestLock,
                // Who enqueues has a slot free and wakes it inside its own process; this is for what others left.
                QueuePollInterval = TimeSpan.FromSeconds(2),
            });
        var mirroring = new JobFilterCollection { { new StatisticsHistoryAttribute(), 30 }, { new RowMapping(), 90 } };
        Mirroring = new BackgroundJobStateChanger(mirroring);
        Creating = new BackgroundJobFactory(mirroring);
        Deciding = new JobFilterProviderCollection(new JobFilterAttributeFilterProvider(), new JobFilterCollection { { new RowDecides(Rows, jobs), 25 } }, mirroring);
    }

    internal MirroredRows Rows { get; }

    internal JobStorage Storage { get; }

    /// <summary>Changes states as the rows say; nobody is asked.</summary>
    internal IBackgroundJobStateChanger Mirroring { get; }

    internal IBackgroundJobFactory Creating { get; }

    /// <summary>The filters for Hangfire's own threads and for people: every change of state is put before the row.</summary>
    internal IJobFilterProvider Deciding { get; }

    sealed class DataSourceConnections(NpgsqlDataSource database) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => database.CreateConnection();
    }
}
