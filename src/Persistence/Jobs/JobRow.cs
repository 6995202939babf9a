using KdRobust.Domain.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace KdRobust.Persistence.Jobs;

/// <summary>The job: its only truth.</summary>
sealed class JobRow
{
    public Guid Id { get; init; }
    /// <summary>Order of arrival. Parents have smaller numbers than children; rows are always locked in this order.</summary>
    public long Seq { get; init; }
    public required string Owner { get; init; }
    public required string Kind { get; init; }
    public required string Name { get; init; }
    public required string Fingerprint { get; init; }
    public required string Payload { get; init; }
    public int Threads { get; init; }
    public required string Device { get; init; }
    public int Priority { get; init; }
    public JobState State { get; init; }
    /// <summary>Why it is in this state; copied into the history.</summary>
    public required string Reason { get; init; }
    /// <summary>Parents that have not succeeded yet.</summary>
    public int DepsLeft { get; init; }
    /// <summary>Grows whenever the job is claimed or taken away; a write under a smaller one changes nothing.</summary>
    public long Fence { get; init; }
    public int Attempt { get; init; }
    public int MaxAttempts { get; init; }
    /// <summary>Deaths of its worker since the last registered resume point.</summary>
    public int CrashCount { get; init; }
    public DateTimeOffset NotBefore { get; init; }
    public string? Worker { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public DateTimeOffset? HeartbeatAt { get; init; }
    public string? Progress { get; init; }
    public DateTimeOffset? ProgressAt { get; init; }
    public DateTimeOffset? CancelRequestedAt { get; init; }
    public string? CancelRequestedBy { get; init; }
    public string? Result { get; init; }
    public string? Failure { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>The span (W3C traceparent) that asked for it; null when nobody traced.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>A job waits for another and takes one of its outputs in a role.</summary>
sealed class JobDependencyRow
{
    public Guid JobId { get; init; }
    public required string Role { get; init; }
    public Guid ParentId { get; init; }
    public required string Output { get; init; }
}

/// <summary>One transition, written by the database itself.</summary>
sealed class JobEventRow
{
    public long Id { get; init; }
    public Guid JobId { get; init; }
    public JobState? FromState { get; init; }
    public JobState ToState { get; init; }
    public long Fence { get; init; }
    public string? Worker { get; init; }
    public required string Reason { get; init; }
    public DateTimeOffset At { get; init; }
}

sealed class JobMapping : IEntityTypeConfiguration<JobRow>
{
    public void Configure(EntityTypeBuilder<JobRow> entity)
    {
        entity.ToTable("job", table =>
        {
            var states = string.Join(", ", Enum.GetNames<JobState>().Select(name => $"'{name}'"));
            var terminal = string.Join(", ", Enum.GetValues<JobState>().Where(state => state.IsTerminal()).Select(state => $"'{state}'"));
            table.HasCheckConstraint("ck_job_state", $"state IN ({states})");
            table.HasCheckConstraint("ck_job_finished", $"(state IN ({terminal})) = (finished_at IS NOT NULL)");
            table.HasCheckConstraint("ck_job_lease", "(state = 'Running') = (lease_until IS NOT NULL)");
            table.HasCheckConstraint("ck_job_result", "(state = 'Succeeded') = (result IS NOT NULL)");
            table.HasCheckConstraint("ck_job_failure", "state <> 'Failed' OR failure IS NOT NULL");
            table.HasCheckConstraint("ck_job_deps", "deps_left >= 0 AND (state <> 'Blocked' OR deps_left > 0)");
        });
        entity.HasKey(job => job.Id);
        entity.Property(job => job.Seq).UseIdentityAlwaysColumn();
        entity.Property(job => job.State).HasConversion<string>();
        entity.Property(job => job.Payload).HasColumnType("jsonb");
        entity.Property(job => job.Progress).HasColumnType("jsonb");
        entity.Property(job => job.Result).HasColumnType("jsonb");
        entity.Property(job => job.Failure).HasColumnType("jsonb");
        entity.Property(job => job.NotBefore).HasDefaultValueSql("clock_timestamp()");
        entity.Property(job => job.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        entity.Property(job => job.TraceParent).HasDefaultValueSql(JobTrace.ColumnDefault);
        entity.HasIndex(job => job.Seq).IsUnique().HasDatabaseName("ix_job_seq");
        entity.HasIndex(job => new { job.Priority, job.Seq }).IsDescending(true, false).HasFilter("state = 'Queued'").HasDatabaseName("ix_job_ready");
        entity.HasIndex(job => job.LeaseUntil).HasFilter("state = 'Running'").HasDatabaseName("ix_job_lease");
        entity.HasIndex(job => new { job.Owner, job.Fingerprint }).IsUnique()
            .HasFilter("state NOT IN ('Failed', 'Cancelled')").HasDatabaseName("ux_job_live_fingerprint");
    }
}

sealed class JobDependencyMapping : IEntityTypeConfiguration<JobDependencyRow>
{
    public void Configure(EntityTypeBuilder<JobDependencyRow> entity)
    {
        entity.ToTable("job_dependency");
        entity.HasKey(edge => new { edge.JobId, edge.Role });
        entity.HasIndex(edge => edge.ParentId).HasDatabaseName("ix_job_dependency_parent");
        entity.HasOne<JobRow>().WithMany().HasForeignKey(edge => edge.JobId).OnDelete(DeleteBehavior.Restrict);
        entity.HasOne<JobRow>().WithMany().HasForeignKey(edge => edge.ParentId).OnDelete(DeleteBehavior.Restrict);
    }
}

sealed class JobEventMapping : IEntityTypeConfiguration<JobEventRow>
{
    public void Configure(EntityTypeBuilder<JobEventRow> entity)
    {
        entity.ToTable("job_event");
        entity.HasKey(line => line.Id);
        entity.Property(line => line.Id).UseIdentityAlwaysColumn();
        entity.Property(line => line.FromState).HasConversion<string>();
        entity.Property(line => line.ToState).HasConversion<string>();
        entity.Property(line => line.At).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(line => new { line.JobId, line.Id }).HasDatabaseName("ix_job_event_job");
        entity.HasOne<JobRow>().WithMany().HasForeignKey(line => line.JobId).OnDelete(DeleteBehavior.Restrict);
    }
}
