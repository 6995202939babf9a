using KdRobust.Persistence.Experiments;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Schedules;

/// <summary>An experiment that is submitted again and again.</summary>
sealed class ScheduleRow
{
    public Guid Id { get; init; }
    public long Seq { get; init; }
    public required string Owner { get; init; }
    public required string Name { get; init; }
    /// <summary>Six or seven fields, seconds first.</summary>
    public required string Cron { get; init; }
    /// <summary>IANA name.</summary>
    public required string TimeZone { get; init; }
    public MissedFirings Missed { get; init; }
    /// <summary>The spec, as it was checked when it was stored.</summary>
    public required string Spec { get; init; }
    public bool Enabled { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ChangedAt { get; init; }
}

/// <summary>What one firing did: one row a due time, whoever fires and however often.</summary>
sealed class ScheduleFiringRow
{
    public Guid ScheduleId { get; init; }
    /// <summary>The time the cron expression names.</summary>
    public DateTimeOffset DueAt { get; init; }
    public DateTimeOffset FiredAt { get; init; }
    /// <summary>Which replica fired it.</summary>
    public required string Host { get; init; }
    public Guid? ExperimentId { get; init; }
    /// <summary>Why nothing was submitted.</summary>
    public string? Problem { get; init; }
}

sealed class ScheduleMapping : IEntityTypeConfiguration<ScheduleRow>
{
    public void Configure(EntityTypeBuilder<ScheduleRow> entity)
    {
        entity.ToTable("schedule", table => table.HasCheckConstraint("ck_schedule_missed", "missed IN ('Once', 'Skip')"));
        entity.HasKey(schedule => schedule.Id);
        entity.Property(schedule => schedule.Seq).UseIdentityAlwaysColumn();
        entity.Property(schedule => schedule.Missed).HasConversion<string>();
        entity.Property(schedule => schedule.Spec).HasColumnType("json");
        entity.Property(schedule => schedule.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.Property(schedule => schedule.ChangedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(schedule => new { schedule.Owner, schedule.Name }).IsUnique().HasDatabaseName("ux_schedule_name");
        entity.HasIndex(schedule => schedule.Seq).IsUnique().HasDatabaseName("ux_schedule_seq");
    }
}

sealed class ScheduleFiringMapping : IEntityTypeConfiguration<ScheduleFiringRow>
{
    public void Configure(EntityTypeBuilder<ScheduleFiringRow> entity)
    {
        entity.ToTable("schedule_firing", table => table.HasCheckConstraint("ck_schedule_firing_outcome", "(experiment_id IS NULL) = (problem IS NOT NULL)"));
        entity.HasKey(firing => new { firing.ScheduleId, firing.DueAt });
        entity.Property(firing => firing.FiredAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(firing => firing.ExperimentId).HasDatabaseName("ix_schedule_firing_experiment");
        entity.HasOne<ScheduleRow>().WithMany().HasForeignKey(firing => firing.ScheduleId).OnDelete(DeleteBehavior.Cascade);
        entity.HasOne<ExperimentRow>().WithMany().HasForeignKey(firing => firing.ExperimentId).OnDelete(DeleteBehavior.Restrict);
    }
}
