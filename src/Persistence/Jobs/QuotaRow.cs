using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Jobs;

/// <summary>The most jobs that may run at once on one kind of device, for one owner or for all together.</summary>
sealed class QuotaRow
{
    /// <summary>Empty for all owners together.</summary>
    public required string Owner { get; init; }
    public required string Device { get; init; }
    public int MostRunning { get; init; }
    public required string SetBy { get; init; }
    public DateTimeOffset SetAt { get; init; }
}

sealed class QuotaMapping : IEntityTypeConfiguration<QuotaRow>
{
    public void Configure(EntityTypeBuilder<QuotaRow> entity)
    {
        entity.ToTable("quota", table =>
        {
            table.HasCheckConstraint("ck_quota_most_running", "most_running >= 0");
            table.HasCheckConstraint("ck_quota_device", "device IN ('cpu', 'cuda')");
        });
        entity.HasKey(quota => new { quota.Device, quota.Owner });
        entity.Property(quota => quota.SetAt).HasDefaultValueSql("clock_timestamp()");
    }
}
