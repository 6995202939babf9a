using KdRobust.Persistence.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Retention;

/// <summary>The metrics of a job were down-sampled. A job that is tried again afterwards ends later than this, and is looked at anew.</summary>
sealed class MetricThinningRow
{
    public Guid JobId { get; init; }
    public DateTimeOffset At { get; init; }
    public long PointsBefore { get; init; }
    public long PointsAfter { get; init; }
}

sealed class MetricThinningMapping : IEntityTypeConfiguration<MetricThinningRow>
{
    public void Configure(EntityTypeBuilder<MetricThinningRow> entity)
    {
        entity.ToTable("metric_thinning");
        entity.HasKey(thinning => thinning.JobId);
        entity.Property(thinning => thinning.At).HasDefaultValueSql("clock_timestamp()");
        entity.HasOne<JobRow>().WithMany().HasForeignKey(thinning => thinning.JobId).OnDelete(DeleteBehavior.Cascade);
    }
}
