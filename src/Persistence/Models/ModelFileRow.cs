using KdRobust.Persistence.Checkpoints;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Models;

/// <summary>A file of weights that somebody uploaded: a list of chunks. The row exists only once all of them do.</summary>
sealed class ModelFileRow
{
    public Guid Id { get; init; }
    /// <summary>Order of arrival.</summary>
    public long Seq { get; init; }
    public required string Owner { get; init; }
    public required string Sha256 { get; init; }
    /// <summary>SHA-256 over those of the chunks in their order; null of what was stored before there was one.</summary>
    public byte[]? ListSha256 { get; init; }
    /// <summary>What its owner calls it; for people only.</summary>
    public required string Name { get; init; }
    public long Bytes { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The n-th chunk of an uploaded file.</summary>
sealed class ModelFileChunkRow
{
    public Guid ModelFileId { get; init; }
    public int Ordinal { get; init; }
    public required byte[] Sha256 { get; init; }
    public int Length { get; init; }
}

sealed class ModelFileMapping : IEntityTypeConfiguration<ModelFileRow>
{
    public void Configure(EntityTypeBuilder<ModelFileRow> entity)
    {
        entity.ToTable("model_file", table =>
        {
            table.HasCheckConstraint("ck_model_file_bytes", "bytes > 0");
            table.HasCheckConstraint("ck_model_file_sha256", "sha256 ~ '^[0-9a-f]{64}$'");
        });
        entity.HasKey(file => file.Id);
        entity.Property(file => file.Seq).UseIdentityAlwaysColumn();
        entity.Property(file => file.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(file => new { file.Owner, file.Sha256 }).IsUnique().HasDatabaseName("ux_model_file_owner_sha256");
        entity.HasIndex(file => new { file.Owner, file.Seq }).HasDatabaseName("ix_model_file_owner");
    }
}

sealed class ModelFileChunkMapping : IEntityTypeConfiguration<ModelFileChunkRow>
{
    public void Configure(EntityTypeBuilder<ModelFileChunkRow> entity)
    {
        entity.ToTable("model_file_chunk");
        entity.HasKey(part => new { part.ModelFileId, part.Ordinal });
        entity.HasIndex(part => part.Sha256).HasDatabaseName("ix_model_file_chunk_sha256");
        entity.HasOne<ModelFileRow>().WithMany().HasForeignKey(part => part.ModelFileId).OnDelete(DeleteBehavior.Cascade);
        entity.HasOne<ChunkRow>().WithMany().HasForeignKey(part => part.Sha256).OnDelete(DeleteBehavior.Restrict);
    }
}
