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
    public required string[] Labels { get; init; }
    /// <summary>Kind to the version of its numbers.</summary>
    public required string Kinds { get; init; }
    /// <summary>Cores no job uses.</summary>
    public int FreeCores { get; init; }
    /// <summary>Of its running jobs together.</summary>
    public double ImagesPerSecond { get; init; }
    /// <summary>Its devices as last read.</summary>
    public required string Devices { get; init; }
    public DateTimeOffset? DrainRequestedAt { get; init; }
    public string? DrainRequestedBy { get; init; }
}

/// <summary>How a device of a host behaves; outlives the workers that use it.</summary>
sealed class DeviceHealthRow
{
    public required string Host { get; init; }
    public required string Device { get; init; }
    public int ErrorsInRow { get; init; }
    public string? LastError { get; init; }
    public DateTimeOffset? LastErrorAt { get; init; }
    public DateTimeOffset? QuarantinedAt { get; init; }
    public string? QuarantineReason { get; init; }
}

sealed class WorkerMapping : IEntityTypeConfiguration<WorkerRow>
{
    public void Configure(EntityTypeBuilder<WorkerRow> entity)
    {
        entity.ToTable("worker");
        entity.HasKey(worker => worker.Name);
        entity.Property(worker => worker.StartedAt).HasDefaultValueSql("clock_timestamp()");
        entity.Property(worker => worker.LastSeen).HasDefaultValueSql("clock_timestamp()");
        entity.Property(worker => worker.Labels).HasDefaultValueSql("'{}'");
        entity.Property(worker => worker.Kinds).HasColumnType("jsonb").HasDefaultValueSql("'{}'");
        entity.Property(worker => worker.Devices).HasColumnType("jsonb").HasDefaultValueSql("'[]'");
        entity.Property(worker => worker.FreeCores).HasDefaultValue(0);
        entity.Property(worker => worker.ImagesPerSecond).HasDefaultValue(0.0);
    }
}

sealed class DeviceHealthMapping : IEntityTypeConfiguration<DeviceHealthRow>
{
    public void Configure(EntityTypeBuilder<DeviceHealthRow> entity)
    {
        entity.ToTable("device_health", table => table.HasCheckConstraint("ck_device_health_reason", "(quarantined_at IS NULL) = (quarantine_reason IS NULL)"));
        entity.HasKey(device => new { device.Host, device.Device });
    }
}
