using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Sweeps;

/// <summary>A sweep.</summary>
sealed class SweepRow
{
    public Guid Id { get; init; }
    /// <summary>Order of submission: the cursor of lists.</summary>
    public long Seq { get; init; }
    public required string Owner { get; init; }
    public required string Name { get; init; }
    public required string Title { get; init; }
    public required string Spec { get; init; }
    /// <summary>Fingerprint of the spec: the same for every run of it.</summary>
    public required string Fingerprint { get; init; }
    public int RunNumber { get; init; }
    /// <summary>The rung whose points have to end before somebody decides who goes on; null when there is nothing to decide.</summary>
    public int? OpenRung { get; init; }
    /// <summary>Why nobody can decide the newest rung; null while nothing is wrong.</summary>
    public string? Trouble { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }
    public string? CancelledBy { get; init; }
}

/// <summary>A point of a sweep at a rung, and the experiment it is. Equal points have the same.</summary>
sealed class SweepPointRow
{
    public Guid SweepId { get; init; }
    /// <summary>0 without halving.</summary>
    public int Rung { get; init; }
    public int Ordinal { get; init; }
    public Guid ExperimentId { get; init; }
    /// <summary>A JSON list: a value for each axis.</summary>
    public required string Axes { get; init; }
    /// <summary>Where its numbers will be: a JSON list of <see cref="PointSource"/>.</summary>
    public required string Sources { get; init; }
    /// <summary>The training whose metric decides; null when a result does, and without halving.</summary>
    public Guid? ScoreJob { get; init; }
    /// <summary>By what it was compared; null before that.</summary>
    public double? Score { get; init; }
}

sealed class SweepMapping : IEntityTypeConfiguration<SweepRow>
{
    public void Configure(EntityTypeBuilder<SweepRow> entity)
    {
        entity.ToTable("sweep");
        entity.HasKey(sweep => sweep.Id);
        entity.Property(sweep => sweep.Seq).UseIdentityAlwaysColumn();
        // json, not jsonb: the order of the axes is the order of the points.
        entity.Property(sweep => sweep.Spec).HasColumnType("json");
        entity.Property(sweep => sweep.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(sweep => sweep.Seq).IsUnique().HasDatabaseName("ix_sweep_seq");
        entity.HasIndex(sweep => new { sweep.Owner, sweep.Fingerprint, sweep.RunNumber }).IsUnique().HasDatabaseName("ux_sweep_identity");
        entity.HasIndex(sweep => sweep.OpenRung).HasFilter("open_rung IS NOT NULL").HasDatabaseName("ix_sweep_open");
    }
}

sealed class SweepPointMapping : IEntityTypeConfiguration<SweepPointRow>
{
    public void Configure(EntityTypeBuilder<SweepPointRow> entity)
    {
        entity.ToTable("sweep_point");
        entity.HasKey(point => new { point.SweepId, point.Rung, point.Ordinal });
        entity.Property(point => point.Axes).HasColumnType("json");
        entity.Property(point => point.Sources).HasColumnType("json");
        entity.HasIndex(point => point.ExperimentId).HasDatabaseName("ix_sweep_point_experiment");
        entity.HasOne<SweepRow>().WithMany().HasForeignKey(point => point.SweepId).OnDelete(DeleteBehavior.Cascade);
        entity.HasOne<Experiments.ExperimentRow>().WithMany().HasForeignKey(point => point.ExperimentId).OnDelete(DeleteBehavior.Restrict);
    }
}
