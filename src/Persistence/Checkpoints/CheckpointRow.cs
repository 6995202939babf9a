using KdRobust.Domain.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Checkpoints;

/// <summary>A stored file: a list of chunks. The row exists only once all of them do.</summary>
sealed class CheckpointRow
{
    public Guid Id { get; init; }
    public long Seq { get; init; }
    public Guid JobId { get; init; }
    public long Fence { get; init; }
    public CheckpointRole Role { get; init; }
    public required string Name { get; init; }
    public int Epoch { get; init; }
    public int Step { get; init; }
    public long Bytes { get; init; }
    public required string Sha256 { get; init; }
    /// <summary>SHA-256 over those of the chunks in their order; null of what was stored before there was one.</summary>
    public byte[]? ListSha256 { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>Set when a reader found it damaged; it is not offered again.</summary>
    public DateTimeOffset? DamagedAt { get; init; }
}

/// <summary>The n-th chunk of a checkpoint.</summary>
sealed class CheckpointChunkRow
{
    public Guid CheckpointId { get; init; }
    public int Ordinal { get; init; }
    public required byte[] Sha256 { get; init; }
    public int Length { get; init; }
}

sealed class CheckpointMapping : IEntityTypeConfiguration<CheckpointRow>
{
    public void Configure(EntityTypeBuilder<CheckpointRow> entity)
    {
        entity.ToTable("checkpoint");
        entity.HasKey(checkpoint => checkpoint.Id);
        entity.Property(checkpoint => checkpoint.Seq).UseIdentityAlwaysColumn();
        entity.Property(checkpoint => checkpoint.Role).HasConversion<string>();
        entity.Property(checkpoint => checkpoint.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(checkpoint => new { checkpoint.JobId, checkpoint.Role, checkpoint.Name, checkpoint.Seq }).HasDatabaseName("ix_checkpoint_job");
        entity.HasOne<Jobs.JobRow>().WithMany().HasForeignKey(checkpoint => checkpoint.JobId).OnDelete(DeleteBehavior.Restrict);
    }
}

sealed class CheckpointChunkMapping : IEntityTypeConfiguration<CheckpointChunkRow>
{
    public void Configure(EntityTypeBuilder<CheckpointChunkRow> entity)
    {
        entity.ToTable("checkpoint_chunk");
        entity.HasKey(part => new { part.CheckpointId, part.Ordinal });
        entity.HasIndex(part => part.Sha256).HasDatabaseName("ix_checkpoint_chunk_sha256");
        entity.HasOne<CheckpointRow>().WithMany().HasForeignKey(part => part.CheckpointId).OnDelete(DeleteBehavior.Cascade);
        entity.HasOne<ChunkRow>().WithMany().HasForeignKey(part => part.Sha256).OnDelete(DeleteBehavior.Restrict);
    }
}
