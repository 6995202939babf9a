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
    /// <summary>Version of its kind's numbers it is to be computed under.</summary>
    public int ResultsVersion { get; init; }
    /// <summary>Free GPU memory a slot must have; 0 asks for none.</summary>
    public int GpuMemoryGib { get; init; }
    /// <summary>Labels a worker must offer.</summary>
    public required string[] Labels { get; init; }
    /// <summary>Since when it waits for its turn: its arrival, moved on by the time it was paused, or the last time a person asked for it anew.</summary>
    public DateTimeOffset WaitsSince { get; init; }
    /// <summary>The order of claims: waits_since less its priority's worth of waiting. Written by the trigger.</summary>
    public DateTimeOffset Turn { get; init; }
    /// <summary>What it asks of a worker and of quotas, hashed: jobs of one lane fit the same offers. Written by the trigger.</summary>
    public Guid Lane { get; init; }
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
    public DateTimeOffset? PauseRequestedAt { get; init; }
    public string? PauseRequestedBy { get; init; }
    /// <summary>Since when it is Paused; written by the trigger.</summary>
    public DateTimeOffset? PausedAt { get; init; }
    /// <summary>When it was found to run without progress; cleared by progress.</summary>
    public DateTimeOffset? StalledAt { get; init; }
    /// <summary>The job whose end cancelled it.</summary>
    public Guid? UpstreamJobId { get; init; }
    /// <summary>Images of a pass, in place of the payload's, after memory ran out.</summary>
    public int? MicroBatch { get; init; }
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
            table.HasCheckConstraint("ck_job_pause", "pause_requested_at IS NULL OR state IN ('Blocked', 'Running')");
            table.HasCheckConstraint("ck_job_paused", "(state = 'Paused') = (paused_at IS NOT NULL)");
            table.HasCheckConstraint("ck_job_stalled", "stalled_at IS NULL OR state = 'Running'");
            table.HasCheckConstraint("ck_job_priority", $"priority BETWEEN {JobPriority.Lowest} AND {JobPriority.Highest}");
            table.HasCheckConstraint("ck_job_micro_batch", "micro_batch IS NULL OR micro_batch > 0");
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
        // The orders that lists come in.
        entity.HasIndex(job => new { job.Owner, job.Seq }).HasDatabaseName("ix_job_owner");
        entity.HasIndex(job => new { job.State, job.Seq }).HasDatabaseName("ix_job_state");
        entity.HasIndex(job => new { job.FinishedAt, job.Seq }).HasFilter("finished_at IS NOT NULL").HasDatabaseName("ix_job_finished");
        entity.Property(job => job.ResultsVersion).HasDefaultValue(1);
        entity.Property(job => job.GpuMemoryGib).HasDefaultValue(0);
        entity.Property(job => job.Labels).HasDefaultValueSql("'{}'");
        entity.Property(job => job.WaitsSince).HasDefaultValueSql("clock_timestamp()");
        entity.Property(job => job.Turn).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(job => new { job.Device, job.Lane, job.Turn, job.Seq }).HasFilter("state = 'Queued'").HasDatabaseName("ix_job_ready");
        entity.HasIndex(job => new { job.Device, job.Owner }).HasFilter("state = 'Running'").HasDatabaseName("ix_job_running");
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
        // Partitioned by month, so the key holds the time; the migration Chores makes the table.
        entity.HasKey(line => new { line.Id, line.At });
        entity.Property(line => line.Id).HasDefaultValueSql("nextval('job_event_seq')").ValueGeneratedOnAdd();
        entity.Property(line => line.FromState).HasConversion<string>();
        entity.Property(line => line.ToState).HasConversion<string>();
        entity.Property(line => line.At).HasDefaultValueSql("clock_timestamp()");
        entity.HasIndex(line => new { line.JobId, line.Id }).HasDatabaseName("ix_job_event_job");
        entity.HasOne<JobRow>().WithMany().HasForeignKey(line => line.JobId).OnDelete(DeleteBehavior.Restrict);
    }
}
