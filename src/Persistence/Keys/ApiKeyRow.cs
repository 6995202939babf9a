using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Keys;

/// <summary>An API key: its hash only.</summary>
sealed class ApiKeyRow
{
    public Guid Id { get; init; }
    public required byte[] Hash { get; init; }
    public required string Owner { get; init; }
    public ApiKeyRole Role { get; init; }
    public required string Label { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
    /// <summary>It opens nothing from then on; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
    /// <summary>To within some minutes; null when it never was.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
    /// <summary>The key this one took the place of.</summary>
    public Guid? Replaces { get; init; }
}

sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKeyRow>
{
    public void Configure(EntityTypeBuilder<ApiKeyRow> entity)
    {
        entity.ToTable("api_key");
        entity.HasKey(key => key.Id);
        entity.Property(key => key.Role).HasConversion<string>();
        entity.Property(key => key.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(key => key.Hash).IsUnique().HasDatabaseName("ux_api_key_hash");
    }
}
