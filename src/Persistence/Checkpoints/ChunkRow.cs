using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Checkpoints;

/// <summary>Bytes, named by their SHA-256 and stored once.</summary>
sealed class ChunkRow
{
    public required byte[] Sha256 { get; init; }
    public required byte[] Content { get; init; }
    /// <summary>When a writer last counted on it: fresh chunks that nothing names yet are kept.</summary>
    public DateTimeOffset TouchedAt { get; init; }
}

sealed class ChunkMapping : IEntityTypeConfiguration<ChunkRow>
{
    public void Configure(EntityTypeBuilder<ChunkRow> entity)
    {
        entity.ToTable("chunk", table => table.HasCheckConstraint("ck_chunk_size", $"octet_length(content) BETWEEN 1 AND {ChunkSize.Largest}"));
        entity.HasKey(chunk => chunk.Sha256);
        entity.Property(chunk => chunk.TouchedAt).HasDefaultValueSql("clock_timestamp()");
    }
}
