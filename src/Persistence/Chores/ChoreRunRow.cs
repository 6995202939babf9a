using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Chores;

/// <summary>One run of a chore: what it did, or why it did not.</summary>
sealed class ChoreRunRow
{
    public long Id { get; init; }
    /// <summary>E.g. <c>retention</c>.</summary>
    public required string Chore { get; init; }
    public required string Host { get; init; }
    /// <summary>True when it only said what it would do.</summary>
    public bool DryRun { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string? Report { get; init; }
    public string? Error { get; init; }
}

sealed class ChoreRunMapping : IEntityTypeConfiguration<ChoreRunRow>
{
    public void Configure(EntityTypeBuilder<ChoreRunRow> entity)
    {
        entity.ToTable("chore_run");
        entity.HasKey(run => run.Id);
        entity.Property(run => run.Id).UseIdentityAlwaysColumn();
        entity.Property(run => run.Report).HasColumnType("jsonb");
        entity.Property(run => run.StartedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(run => new { run.Chore, run.Id }).IsDescending(false, true).HasDatabaseName("ix_chore_run_chore");
    }
}
