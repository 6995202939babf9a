using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// What a busy queue must not pay for: guards of what a claim and a heartbeat do not touch, and plans made for tables that were
    /// empty then. A statement keeps its plan until the table's statistics change; autovacuum may take a minute to look, in which
    /// a new service reads its whole tables for every submission.
    /// </summary>
    public partial class QueueUnderLoad : Migration
    {
        const string Guard =
            """
            CREATE OR REPLACE FUNCTION job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' THEN
                    NEW.lane := md5(concat_ws('|', NEW.owner, NEW.kind, NEW.results_version, NEW.threads, NEW.gpu_memory_gib, array_to_string(NEW.labels, ',')))::uuid;
                    IF NEW.state NOT IN ('Blocked', 'Queued') THEN
                        RAISE EXCEPTION 'a new job is Blocked or Queued, not %', NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
                    END IF;
                    NEW.turn := NEW.waits_since - NEW.priority * interval '10 minutes';
                    RETURN NEW;
                END IF;
                -- The changes that a busy service consists of, claims and heartbeats, pass by what cannot concern them.
                IF NEW.state = 'Running' AND ((OLD.state = 'Queued' AND NEW.fence > OLD.fence) OR (OLD.state = 'Running' AND NEW.fence >= OLD.fence)) AND NEW.turn = OLD.turn
                    AND NEW.waits_since = OLD.waits_since AND NEW.priority = OLD.priority AND NEW.lane = OLD.lane AND NEW.owner = OLD.owner AND NEW.kind = OLD.kind
                    AND NEW.results_version = OLD.results_version AND NEW.threads = OLD.threads AND NEW.gpu_memory_gib IS NOT DISTINCT FROM OLD.gpu_memory_gib AND NEW.labels = OLD.labels
                THEN
                    RETURN NEW;
                END IF;
                NEW.lane := md5(concat_ws('|', NEW.owner, NEW.kind, NEW.results_version, NEW.threads, NEW.gpu_memory_gib, array_to_string(NEW.labels, ',')))::uuid;
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
            """;

        const string History =
            """
            CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.state <> OLD.state THEN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    VALUES (NEW.id, OLD.state, NEW.state, NEW.fence, coalesce(NEW.worker, OLD.worker), NEW.reason, clock_timestamp());
                    IF NEW.state <> 'Running' THEN
                        PERFORM pg_notify('kdr_job', NEW.id::text);
                        IF NEW.state = 'Queued' THEN
                            PERFORM pg_notify('kdr_ready', NEW.device);
                        ELSIF OLD.state = 'Running' THEN
                            PERFORM pg_notify('kdr_ready', NEW.device) WHERE EXISTS (SELECT FROM quota WHERE device = NEW.device);
                        END IF;
                    END IF;
                END IF;
                RETURN NULL;
            END $$;
            """;

        const string Statistics =
            """
            CREATE FUNCTION analyze_grown_tables() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            DECLARE
                grown regclass;
                analyzed int := 0;
            BEGIN
                IF NOT pg_try_advisory_xact_lock(hashtextextended('analyze_grown_tables', 0)) THEN
                    RETURN 0;
                END IF;
                FOR grown IN
                    SELECT oid FROM pg_class
                    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 8192 * (2 * relpages::bigint + 8)
                LOOP
                    EXECUTE format('ANALYZE %s', grown);
                    analyzed := analyzed + 1;
                END LOOP;
                RETURN analyzed;
            END $$;
            -- Who may run it is granted it by name.
            REVOKE EXECUTE ON FUNCTION analyze_grown_tables() FROM PUBLIC;
            """;

        const string GuardBefore =
            """
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
            """;

        const string HistoryBefore =
            """
            CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.state <> OLD.state THEN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    VALUES (NEW.id, OLD.state, NEW.state, NEW.fence, coalesce(NEW.worker, OLD.worker), NEW.reason, clock_timestamp());
                    IF NOT (OLD.state = 'Queued' AND NEW.state = 'Running') THEN
                        PERFORM pg_notify('kdr_job', NEW.id::text);
                    END IF;
                    IF NEW.state = 'Queued' OR (OLD.state = 'Running' AND EXISTS (SELECT 1 FROM quota WHERE device = NEW.device)) THEN
                        PERFORM pg_notify('kdr_ready', NEW.device);
                    END IF;
                END IF;
                RETURN NULL;
            END $$;
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(Guard);
            migrationBuilder.Sql(History);
            migrationBuilder.Sql(Statistics);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP FUNCTION analyze_grown_tables();");
            migrationBuilder.Sql(HistoryBefore);
            migrationBuilder.Sql(GuardBefore);
        }
    }
}
