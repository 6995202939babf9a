using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Audit;

/// <summary>Something a key did or was refused; never changed afterwards, which a trigger sees to.</summary>
sealed class AuditRow
{
    public long Id { get; init; }
    public DateTimeOffset At { get; init; }
    /// <summary>The key; no foreign key, so that the line outlives it.</summary>
    public Guid? KeyId { get; init; }
    /// <summary>Whose key it was.</summary>
    public required string Owner { get; init; }
    /// <summary>The interface's name of the operation, e.g. <c>submitExperiment</c>.</summary>
    public required string Action { get; init; }
    /// <summary>What it was done to, e.g. <c>experiment:ID</c>; a path where nothing was found there.</summary>
    public required string Object { get; init; }
    /// <summary>What came of it, e.g. <c>created</c> or <c>refused: not-found</c>.</summary>
    public required string Outcome { get; init; }
}

sealed class AuditMapping : IEntityTypeConfiguration<AuditRow>
{
    public void Configure(EntityTypeBuilder<AuditRow> entity)
    {
        entity.ToTable("audit");
        entity.HasKey(line => line.Id);
        entity.Property(line => line.Id).UseIdentityAlwaysColumn();
        entity.Property(line => line.At).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(line => new { line.Owner, line.Id }).HasDatabaseName("ix_audit_owner");
        entity.HasIndex(line => new { line.Object, line.Id }).HasDatabaseName("ix_audit_object");
    }
}
