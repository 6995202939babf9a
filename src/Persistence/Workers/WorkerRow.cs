using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Workers;

/// <summary>A supervisor and what it offers.</summary>
sealed class WorkerRow
{
    public required string Name { get; init; }
    public required string Host { get; init; }
    public int ProcessId { get; init; }
    public required string Device { get; init; }
    public int Cores { get; init; }
    public required string Build { get; init; }
    public string? Libtorch { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset LastSeen { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
}

sealed class WorkerMapping : IEntityTypeConfiguration<WorkerRow>
{
    public void Configure(EntityTypeBuilder<WorkerRow> entity)
    {
        entity.ToTable("worker");
        entity.HasKey(worker => worker.Name);
        entity.Property(worker => worker.StartedAt).HasDefaultValueSql("clock_timestamp()");
        entity.Property(worker => worker.LastSeen).HasDefaultValueSql("clock_timestamp()");
    }
}
