using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// What the database itself enforces, whoever writes: the table of transitions (the same as Domain's JobTransitions,
    /// which a test compares), fences that only grow, terminal states that never change, and a history without gaps.
    /// </summary>
    public partial class JobRules : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            -- Weights do not compress; trying to costs more than the disk it saves.
            ALTER TABLE chunk ALTER COLUMN content SET STORAGE EXTERNAL;

            CREATE FUNCTION job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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

            CREATE TRIGGER job_guard BEFORE INSERT OR UPDATE ON job FOR EACH ROW EXECUTE FUNCTION job_guard();

            -- Every transition is a line of history, wakes who watches, and, when it makes a job ready, wakes who works.
            CREATE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
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

            CREATE TRIGGER job_history AFTER INSERT OR UPDATE OF state ON job FOR EACH ROW EXECUTE FUNCTION job_history();

            CREATE FUNCTION job_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'the history of jobs is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'job_event_append_only';
            END $$;

            CREATE TRIGGER job_event_append_only BEFORE UPDATE OR DELETE ON job_event FOR EACH ROW EXECUTE FUNCTION job_event_append_only();
            CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON job_event FOR EACH STATEMENT EXECUTE FUNCTION job_event_append_only();
            """);

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            DROP TRIGGER job_event_no_truncate ON job_event;
            DROP TRIGGER job_event_append_only ON job_event;
            DROP FUNCTION job_event_append_only();
            DROP TRIGGER job_history ON job;
            DROP FUNCTION job_history();
            DROP TRIGGER job_guard ON job;
            DROP FUNCTION job_guard();
            ALTER TABLE chunk ALTER COLUMN content SET STORAGE EXTENDED;
            """);
    }
}
