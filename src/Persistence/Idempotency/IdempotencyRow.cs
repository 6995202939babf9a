using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Idempotency;

/// <summary>A request that was carried out under a key its client chose, and its answer, for a day.</summary>
sealed class IdempotencyRow
{
    public required string Owner { get; init; }
    public required string Key { get; init; }
    /// <summary>Method and address.</summary>
    public required string Route { get; init; }
    /// <summary>SHA-256 of the body.</summary>
    public required byte[] BodyHash { get; init; }
    /// <summary>What it changed, e.g. <c>experiment:ID</c>; null when it changed nothing.</summary>
    public string? Effect { get; init; }
    /// <summary>Null while it is known only that it was carried out.</summary>
    public int? Status { get; init; }
    public string? ContentType { get; init; }
    public string? Location { get; init; }
    /// <summary>Null when the answer was too large or too secret to keep.</summary>
    public byte[]? Answer { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

sealed class IdempotencyMapping : IEntityTypeConfiguration<IdempotencyRow>
{
    public void Configure(EntityTypeBuilder<IdempotencyRow> entity)
    {
        entity.ToTable("idempotency");
        entity.HasKey(row => new { row.Owner, row.Key });
        entity.Property(row => row.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(row => row.CreatedAt).HasDatabaseName("ix_idempotency_created_at");
    }
}
