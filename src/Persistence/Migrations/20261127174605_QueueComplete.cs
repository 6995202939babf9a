using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// Pauses, retries, turns with aging, lanes, quotas, labels, alarms and the health of devices. The trigger's table of
    /// transitions is Domain's, its ten minutes a point are JobPriority.Aging; tests compare both.
    /// </summary>
    public partial class QueueComplete : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_job_ready",
                table: "job");

            migrationBuilder.AddColumn<string>(
                name: "devices",
                table: "worker",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'[]'");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "drain_requested_at",
                table: "worker",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "drain_requested_by",
                table: "worker",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "free_cores",
                table: "worker",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<double>(
                name: "images_per_second",
                table: "worker",
                type: "double precision",
                nullable: false,
                defaultValue: 0.0);

            migrationBuilder.AddColumn<string>(
                name: "kinds",
                table: "worker",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<string[]>(
                name: "labels",
                table: "worker",
                type: "text[]",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<int>(
                name: "gpu_memory_gib",
                table: "job",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string[]>(
                name: "labels",
                table: "job",
                type: "text[]",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<Guid>(
                name: "lane",
                table: "job",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<int>(
                name: "micro_batch",
                table: "job",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "pause_requested_at",
                table: "job",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "pause_requested_by",
                table: "job",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "paused_at",
                table: "job",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "results_version",
                table: "job",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "stalled_at",
                table: "job",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "turn",
                table: "job",
                type: "timestamp with time zone",
                nullable: false,
                defaultValueSql: "clock_timestamp()");

            migrationBuilder.AddColumn<Guid>(
                name: "upstream_job_id",
                table: "job",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "waits_since",
                table: "job",
                type: "timestamp with time zone",
                nullable: false,
                defaultValueSql: "clock_timestamp()");

            migrationBuilder.CreateTable(
                name: "device_health",
                columns: table => new
                {
                    host = table.Column<string>(type: "text", nullable: false),
                    device = table.Column<string>(type: "text", nullable: false),
                    errors_in_row = table.Column<int>(type: "integer", nullable: false),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    last_error_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    quarantined_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    quarantine_reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_device_health", x => new { x.host, x.device });
                    table.CheckConstraint("ck_device_health_reason", "(quarantined_at IS NULL) = (quarantine_reason IS NULL)");
                });

            migrationBuilder.CreateTable(
                name: "quota",
                columns: table => new
                {
                    owner = table.Column<string>(type: "text", nullable: false),
                    device = table.Column<string>(type: "text", nullable: false),
                    most_running = table.Column<int>(type: "integer", nullable: false),
                    set_by = table.Column<string>(type: "text", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_quota", x => new { x.device, x.owner });
                    table.CheckConstraint("ck_quota_device", "device IN ('cpu', 'cuda')");
                    table.CheckConstraint("ck_quota_most_running", "most_running >= 0");
                });

            migrationBuilder.CreateIndex(
                name: "ix_job_ready",
                table: "job",
                columns: new[] { "device", "lane", "turn", "seq" },
                filter: "state = 'Queued'");

            migrationBuilder.CreateIndex(
                name: "ix_job_running",
                table: "job",
                columns: new[] { "device", "owner" },
                filter: "state = 'Running'");

            migrationBuilder.AddCheckConstraint(
                name: "ck_job_micro_batch",
                table: "job",
                sql: "micro_batch IS NULL OR micro_batch > 0");

            migrationBuilder.AddCheckConstraint(
                name: "ck_job_pause",
                table: "job",
                sql: "pause_requested_at IS NULL OR state IN ('Blocked', 'Running')");

            migrationBuilder.AddCheckConstraint(
                name: "ck_job_paused",
                table: "job",
                sql: "(state = 'Paused') = (paused_at IS NOT NULL)");

            migrationBuilder.AddCheckConstraint(
                name: "ck_job_priority",
                table: "job",
                sql: "priority BETWEEN -100 AND 100");

            migrationBuilder.AddCheckConstraint(
                name: "ck_job_stalled",
                table: "job",
                sql: "stalled_at IS NULL OR state = 'Running'");

            migrationBuilder.Sql(
            """
            -- Rows of before wait since they came. What a person had not cancelled himself was cancelled with a parent.
            ALTER TABLE job DISABLE TRIGGER USER;
            UPDATE job SET waits_since = created_at, turn = created_at - priority * interval '10 minutes',
                lane = md5(concat_ws('|', owner, kind, results_version, threads, gpu_memory_gib, array_to_string(labels, ',')))::uuid,
                upstream_job_id = CASE WHEN state = 'Cancelled' AND cancel_requested_by IS NULL THEN (
                    SELECT parent.id FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id
                    WHERE edge.job_id = job.id AND parent.state IN ('Failed', 'Cancelled') ORDER BY parent.seq LIMIT 1) END;
            ALTER TABLE job ENABLE TRIGGER USER;

            CREATE OR REPLACE FUNCTION job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.lane := md5(concat_ws('|', NEW.owner, NEW.kind, NEW.results_version, NEW.threads, NEW.gpu_memory_gib, array_to_string(NEW.labels, ',')))::uuid;
                IF TG_OP = 'INSERT' THEN
                    IF NEW.state NOT IN ('Blocked', 'Queued') THEN
                        RAISE EXCEPTION 'a new job is Blocked or Queued, not %', NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
                    END IF;
                    NEW.turn := NEW.waits_since - NEW.priority * interval '10 minutes';
                    RETURN NEW;
                END IF;
                IF NEW.fence < OLD.fence OR (OLD.state = 'Queued' AND NEW.state = 'Running' AND NEW.fence = OLD.fence) THEN
                    RAISE EXCEPTION 'job %: a fence only grows, and grows with every claim (% to %)', OLD.id, OLD.fence, NEW.fence
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'job_fence';
                END IF;
                -- The only way out of an end: a person asks again, and the job begins a new life under a higher fence.
                IF OLD.state IN ('Succeeded', 'Failed', 'Cancelled') AND NOT (
                    ((OLD.state IN ('Failed', 'Cancelled') AND NEW.state = 'Queued') OR (OLD.state = 'Cancelled' AND NEW.state = 'Blocked'))
                    AND NEW.fence > OLD.fence AND NEW.attempt = 0 AND NEW.crash_count = 0 AND NEW.cancel_requested_at IS NULL)
                THEN
                    RAISE EXCEPTION 'job % is % and does not change', OLD.id, OLD.state USING ERRCODE = 'check_violation', CONSTRAINT = 'job_terminal';
                END IF;
                IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                    ('Blocked', 'Queued'), ('Blocked', 'Cancelled'), ('Blocked', 'Paused'),
                    ('Queued', 'Running'), ('Queued', 'Cancelled'), ('Queued', 'Paused'),
                    ('Paused', 'Cancelled'), ('Paused', 'Queued'),
                    ('Running', 'Succeeded'), ('Running', 'Failed'), ('Running', 'Cancelled'), ('Running', 'Queued'), ('Running', 'Paused'),
                    ('Failed', 'Queued'), ('Cancelled', 'Queued'), ('Cancelled', 'Blocked'))
                THEN
                    RAISE EXCEPTION 'job %: % to % is not in the table of transitions', OLD.id, OLD.state, NEW.state
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
                END IF;

                -- What belongs to a state ends with it.
                IF NEW.state <> 'Running' THEN
                    NEW.stalled_at := NULL;
                END IF;
                IF NEW.state NOT IN ('Blocked', 'Running') THEN
                    NEW.pause_requested_at := NULL;
                    NEW.pause_requested_by := NULL;
                END IF;
                NEW.paused_at := CASE WHEN NEW.state = 'Paused' THEN coalesce(OLD.paused_at, clock_timestamp()) END;
                IF OLD.state = 'Paused' AND NEW.state = 'Queued' THEN
                    NEW.waits_since := OLD.waits_since + (clock_timestamp() - OLD.paused_at);
                END IF;
                NEW.turn := NEW.waits_since - NEW.priority * interval '10 minutes';
                RETURN NEW;
            END $$;

            CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.fence,
                            coalesce(NEW.worker, CASE WHEN TG_OP = 'UPDATE' THEN OLD.worker END), NEW.reason, clock_timestamp());
                    PERFORM pg_notify('kdr_job', NEW.id::text);
                    -- A job that stops running may be what a quota held others back for.
                    IF NEW.state = 'Queued' OR (TG_OP = 'UPDATE' AND OLD.state = 'Running' AND EXISTS (SELECT 1 FROM quota WHERE device = NEW.device)) THEN
                        PERFORM pg_notify('kdr_ready', NEW.device);
                    END IF;
                END IF;
                RETURN NULL;
            END $$;
            """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
            """
            CREATE OR REPLACE FUNCTION job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' THEN
                    IF NEW.state NOT IN ('Blocked', 'Queued') THEN
                        RAISE EXCEPTION 'a new job is Blocked or Queued, not %', NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
                    END IF;
                    RETURN NEW;
                END IF;
                IF OLD.state IN ('Succeeded', 'Failed', 'Cancelled') THEN
                    RAISE EXCEPTION 'job % is % and never changes again', OLD.id, OLD.state USING ERRCODE = 'check_violation', CONSTRAINT = 'job_terminal';
                END IF;
                IF NEW.fence < OLD.fence OR (OLD.state = 'Queued' AND NEW.state = 'Running' AND NEW.fence = OLD.fence) THEN
                    RAISE EXCEPTION 'job %: a fence only grows, and grows with every claim (% to %)', OLD.id, OLD.fence, NEW.fence
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'job_fence';
                END IF;
                IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                    ('Blocked', 'Queued'), ('Blocked', 'Cancelled'),
                    ('Queued', 'Running'), ('Queued', 'Cancelled'),
                    ('Paused', 'Cancelled'),
                    ('Running', 'Succeeded'), ('Running', 'Failed'), ('Running', 'Cancelled'), ('Running', 'Queued'))
                THEN
                    RAISE EXCEPTION 'job %: % to % is not in the table of transitions', OLD.id, OLD.state, NEW.state
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
                END IF;
                RETURN NEW;
            END $$;

            CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.fence,
                            coalesce(NEW.worker, CASE WHEN TG_OP = 'UPDATE' THEN OLD.worker END), NEW.reason, clock_timestamp());
                    PERFORM pg_notify('kdr_job', NEW.id::text);
                    IF NEW.state = 'Queued' THEN
                        PERFORM pg_notify('kdr_ready', NEW.device);
                    END IF;
                END IF;
                RETURN NULL;
            END $$;
            """);

            migrationBuilder.DropTable(
                name: "device_health");

            migrationBuilder.DropTable(
                name: "quota");

            migrationBuilder.DropIndex(
                name: "ix_job_ready",
                table: "job");

            migrationBuilder.DropIndex(
                name: "ix_job_running",
                table: "job");

            migrationBuilder.DropCheckConstraint(
                name: "ck_job_micro_batch",
                table: "job");

            migrationBuilder.DropCheckConstraint(
                name: "ck_job_pause",
                table: "job");

            migrationBuilder.DropCheckConstraint(
                name: "ck_job_paused",
                table: "job");

            migrationBuilder.DropCheckConstraint(
                name: "ck_job_priority",
                table: "job");

            migrationBuilder.DropCheckConstraint(
                name: "ck_job_stalled",
                table: "job");

            migrationBuilder.DropColumn(
                name: "devices",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "drain_requested_at",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "drain_requested_by",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "free_cores",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "images_per_second",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "kinds",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "labels",
                table: "worker");

            migrationBuilder.DropColumn(
                name: "gpu_memory_gib",
                table: "job");

            migrationBuilder.DropColumn(
                name: "labels",
                table: "job");

            migrationBuilder.DropColumn(
                name: "lane",
                table: "job");

            migrationBuilder.DropColumn(
                name: "micro_batch",
                table: "job");

            migrationBuilder.DropColumn(
                name: "pause_requested_at",
                table: "job");

            migrationBuilder.DropColumn(
                name: "pause_requested_by",
                table: "job");

            migrationBuilder.DropColumn(
                name: "paused_at",
                table: "job");

            migrationBuilder.DropColumn(
                name: "results_version",
                table: "job");

            migrationBuilder.DropColumn(
                name: "stalled_at",
                table: "job");

            migrationBuilder.DropColumn(
                name: "turn",
                table: "job");

            migrationBuilder.DropColumn(
                name: "upstream_job_id",
                table: "job");

            migrationBuilder.DropColumn(
                name: "waits_since",
                table: "job");

            migrationBuilder.CreateIndex(
                name: "ix_job_ready",
                table: "job",
                columns: new[] { "priority", "seq" },
                descending: new[] { true, false },
                filter: "state = 'Queued'");
        }
    }
}
