using System.Text;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Idempotency;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Workers;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>The tables. Used for migrations and for reading; what changes rows is a guarded statement in a store.</summary>
sealed class KdRobustContext(DbContextOptions<KdRobustContext> options) : DbContext(options)
{
    internal DbSet<ExperimentRow> Experiments => Set<ExperimentRow>();
    internal DbSet<ExperimentJobRow> ExperimentJobs => Set<ExperimentJobRow>();
    internal DbSet<JobRow> Jobs => Set<JobRow>();
    internal DbSet<JobDependencyRow> JobDependencies => Set<JobDependencyRow>();
    internal DbSet<JobEventRow> JobEvents => Set<JobEventRow>();
    internal DbSet<MetricRow> Metrics => Set<MetricRow>();
    internal DbSet<CheckpointRow> Checkpoints => Set<CheckpointRow>();
    internal DbSet<CheckpointChunkRow> CheckpointChunks => Set<CheckpointChunkRow>();
    internal DbSet<ChunkRow> Chunks => Set<ChunkRow>();
    internal DbSet<ModelFileRow> ModelFiles => Set<ModelFileRow>();
    internal DbSet<ModelFileChunkRow> ModelFileChunks => Set<ModelFileChunkRow>();
    internal DbSet<WorkerRow> Workers => Set<WorkerRow>();
    internal DbSet<DeviceHealthRow> DeviceHealth => Set<DeviceHealthRow>();
    internal DbSet<QuotaRow> Quotas => Set<QuotaRow>();
    internal DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    internal DbSet<AuditRow> Audit => Set<AuditRow>();
    internal DbSet<IdempotencyRow> Idempotency => Set<IdempotencyRow>();

    internal static KdRobustContext Over(NpgsqlDataSource database) =>
        new(new DbContextOptionsBuilder<KdRobustContext>()
            // After a restart of the server the first use of a pooled connection fails; reading may simply be repeated.
            .UseNpgsql(database, server => server.EnableRetryOnFailure(4, TimeSpan.FromSeconds(1), null))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options);

    internal static KdRobustContext WithoutDatabase() =>
        new(new DbContextOptionsBuilder<KdRobustContext>().UseNpgsql().Options);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(KdRobustContext).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
                property.SetColumnName(SnakeCase(property.Name));
            foreach (var key in entity.GetKeys())
                key.SetName(SnakeCase(key.GetName()!));
            foreach (var foreign in entity.GetForeignKeys())
                foreign.SetConstraintName(SnakeCase(foreign.GetConstraintName()!));
        }
    }

    static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && name[i - 1] != '_' && !char.IsUpper(name[i - 1]))
                text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }
}
