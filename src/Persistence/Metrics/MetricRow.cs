using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Metrics;

/// <summary>One number of one claim of a job.</summary>
sealed class MetricRow
{
    /// <summary>The stream's cursor; per job in the order of commits, because one lease at a time writes.</summary>
    public long Id { get; init; }
    public Guid JobId { get; init; }
    /// <summary>The claim that wrote it.</summary>
    public long Fence { get; init; }
    public int Attempt { get; init; }
    public long Ordinal { get; init; }
    public required string Series { get; init; }
    public int Epoch { get; init; }
    public long Step { get; init; }
    public double Value { get; init; }
    /// <summary>How many points it stands for; null for one as it was measured.</summary>
    public int? Points { get; init; }
    /// <summary>The lowest of them.</summary>
    public double? Low { get; init; }
    /// <summary>The highest of them.</summary>
    public double? High { get; init; }
}

sealed class MetricMapping : IEntityTypeConfiguration<MetricRow>
{
    public void Configure(EntityTypeBuilder<MetricRow> entity)
    {
        entity.ToTable("metric", table => table.HasCheckConstraint("ck_metric_bucket", "(points IS NULL) = (low IS NULL) AND (points IS NULL) = (high IS NULL)"));
        // The stream of one job lies together, and the last row of a claim says what is stored. Nothing else is indexed and no row asks
        // for its job again: an append counts only if it ends holding the job's row, and numbers come by the hundred thousand.
        entity.HasKey(metric => new { metric.JobId, metric.Id });
        entity.Property(metric => metric.Id).UseIdentityAlwaysColumn();
    }
}
