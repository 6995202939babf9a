using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Experiments;

/// <summary>A submission.</summary>
sealed class ExperimentRow
{
    public Guid Id { get; init; }
    /// <summary>Order of submission: the cursor of lists.</summary>
    public long Seq { get; init; }
    public required string Owner { get; init; }
    public required string Name { get; init; }
    public required string Title { get; init; }
    public required string Spec { get; init; }
    /// <summary>Fingerprint of the spec as run 0: the same for every run of it.</summary>
    public required string SpecFingerprint { get; init; }
    public int RunNumber { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }
    public string? CancelledBy { get; init; }
}

/// <summary>An experiment uses a job under a key of its plan.</summary>
sealed class ExperimentJobRow
{
    public Guid ExperimentId { get; init; }
    public required string Key { get; init; }
    public Guid JobId { get; init; }
    /// <summary>Position in the plan: parents first.</summary>
    public int Ordinal { get; init; }
    /// <summary>True when the job was there before this experiment.</summary>
    public bool Reused { get; init; }
}

sealed class ExperimentMapping : IEntityTypeConfiguration<ExperimentRow>
{
    public void Configure(EntityTypeBuilder<ExperimentRow> entity)
    {
        entity.ToTable("experiment");
        entity.HasKey(e => e.Id);
        entity.Property(e => e.Seq).UseIdentityAlwaysColumn();
        // json, not jsonb: the order of the spec's names decides keys of the plan, and a person gets back what was sent.
        entity.Property(e => e.Spec).HasColumnType("json");
        entity.Property(e => e.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(e => e.Seq).IsUnique().HasDatabaseName("ix_experiment_seq");
        entity.HasIndex(e => new { e.Owner, e.Seq }).HasDatabaseName("ix_experiment_owner");
        entity.HasIndex(e => new { e.Name, e.Seq }).HasDatabaseName("ix_experiment_name");
        entity.HasIndex(e => new { e.Owner, e.SpecFingerprint, e.RunNumber, e.Seq }).HasDatabaseName("ix_experiment_identity");
    }
}

sealed class ExperimentJobMapping : IEntityTypeConfiguration<ExperimentJobRow>
{
    public void Configure(EntityTypeBuilder<ExperimentJobRow> entity)
    {
        entity.ToTable("experiment_job");
        entity.HasKey(e => new { e.ExperimentId, e.Key });
        entity.HasIndex(e => e.JobId).HasDatabaseName("ix_experiment_job_job");
        entity.HasOne<ExperimentRow>().WithMany().HasForeignKey(e => e.ExperimentId).OnDelete(DeleteBehavior.Restrict);
        entity.HasOne<Jobs.JobRow>().WithMany().HasForeignKey(e => e.JobId).OnDelete(DeleteBehavior.Restrict);
    }
}
