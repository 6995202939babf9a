using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>Schedules, what chores did, down-sampled metrics, the job history by month, and vacuum settings for chunks that come and go.</summary>
    public partial class Chores : Migration
    {
        /// <summary>
        /// Checkpoints come and go all day: most of the chunk table is rewritten every few hours, and its bytes lie in its TOAST
        /// table. By default a fifth of a table must be dead before it is vacuumed, at a leisurely pace; here dead chunks are
        /// given back for reuse while there are few, at full speed, so that the files stop growing. Touching a chunk leaves its
        /// page free room, so that no index is written.
        /// </summary>
        const string ChunkChurn =
            """
            ALTER TABLE chunk SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0,
                toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 2000, toast.autovacuum_vacuum_cost_delay = 0);
            ALTER TABLE checkpoint SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);
            ALTER TABLE checkpoint_chunk SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);
            """;

        /// <summary>
        /// The history of jobs, one partition a month, with everything that is in it. A rest takes lines of a month that has no
        /// partition, so that no transition fails; making that month's partition moves them there. The functions run as the
        /// owner of the tables, since whoever runs chores may not alter them.
        /// </summary>
        const string HistoryByMonth =
            """
            LOCK TABLE job_event IN ACCESS EXCLUSIVE MODE;
            ALTER TABLE job_event RENAME TO job_event_before;
            CREATE TABLE job_event (LIKE job_event_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE) PARTITION BY RANGE (at);
            CREATE SEQUENCE job_event_seq OWNED BY job_event.id;
            SELECT setval('job_event_seq', coalesce(max(id), 0) + 1, false) FROM job_event_before;
            ALTER TABLE job_event ALTER COLUMN id SET DEFAULT nextval('job_event_seq');
            CREATE TABLE job_event_rest PARTITION OF job_event DEFAULT;

            CREATE FUNCTION job_event_month_name(month date) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'job_event_' || to_char(month, 'YYYY_MM') $$;

            CREATE FUNCTION job_event_make_month(month date) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            DECLARE
                name text := job_event_month_name(month);
                since timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
                until timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtextextended('job_event_months', 0));
                IF to_regclass(name) IS NOT NULL THEN
                    RETURN NULL;
                END IF;
                -- Rather later than in the way of everybody who ends a job.
                PERFORM set_config('lock_timeout', '5s', true);
                IF EXISTS (SELECT FROM job_event_rest WHERE at >= since AND at < until) THEN
                    ALTER TABLE job_event DETACH PARTITION job_event_rest;
                    EXECUTE format('CREATE TABLE %I PARTITION OF job_event FOR VALUES FROM (%L) TO (%L)', name, since, until);
                    INSERT INTO job_event SELECT * FROM job_event_rest WHERE at >= since AND at < until;
                    DELETE FROM job_event_rest WHERE at >= since AND at < until;
                    ALTER TABLE job_event ATTACH PARTITION job_event_rest DEFAULT;
                ELSE
                    EXECUTE format('CREATE TABLE %I PARTITION OF job_event FOR VALUES FROM (%L) TO (%L)', name, since, until);
                END IF;
                EXECUTE format('CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION job_event_append_only()', name);
                RETURN name;
            END $$;

            CREATE FUNCTION job_event_make_months(ahead int) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            DECLARE
                made text;
                month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
            BEGIN
                FOR step IN 0..ahead LOOP
                    made := job_event_make_month((month + make_interval(months => step))::date);
                    IF made IS NOT NULL THEN
                        RETURN NEXT made;
                    END IF;
                END LOOP;
            END $$;

            CREATE FUNCTION job_event_old_months(keep int) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
                SELECT child.relname::text FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
                WHERE inhparent = 'job_event'::regclass AND child.relname ~ '^job_event_[0-9]{4}_[0-9]{2}$'
                AND child.relname < job_event_month_name((date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => keep))::date)
            $$;

            CREATE FUNCTION job_event_detach_months(keep int) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            DECLARE
                old text;
            BEGIN
                IF keep < 1 THEN
                    RAISE EXCEPTION 'at least one month of history stays attached, not %', keep;
                END IF;
                PERFORM pg_advisory_xact_lock(hashtextextended('job_event_months', 0));
                PERFORM set_config('lock_timeout', '5s', true);
                FOR old IN SELECT * FROM job_event_old_months(keep) LOOP
                    EXECUTE format('ALTER TABLE job_event DETACH PARTITION %I', old);
                    RETURN NEXT old;
                END LOOP;
            END $$;
            -- Who may run chores is granted these by name.
            REVOKE EXECUTE ON FUNCTION job_event_make_month(date), job_event_make_months(int), job_event_detach_months(int) FROM PUBLIC;

            SELECT job_event_make_month(month::date)
            FROM generate_series((SELECT date_trunc('month', min(at) AT TIME ZONE 'UTC') FROM job_event_before), now() AT TIME ZONE 'UTC', interval '1 month') month;
            SELECT job_event_make_months(3);
            INSERT INTO job_event SELECT * FROM job_event_before ORDER BY id;
            DROP TABLE job_event_before;

            ALTER TABLE job_event ADD CONSTRAINT pk_job_event PRIMARY KEY (id, at);
            ALTER TABLE job_event ADD CONSTRAINT fk_job_event_job_job_id FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE RESTRICT;
            CREATE INDEX ix_job_event_job ON job_event (job_id, id);
            CREATE TRIGGER job_event_append_only BEFORE UPDATE OR DELETE ON job_event FOR EACH ROW EXECUTE FUNCTION job_event_append_only();
            CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON job_event FOR EACH STATEMENT EXECUTE FUNCTION job_event_append_only();
            CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON job_event_rest FOR EACH STATEMENT EXECUTE FUNCTION job_event_append_only();
            """;

        // What was detached stays a table of its own.
        const string HistoryInOneTable =
            """
            LOCK TABLE job_event IN ACCESS EXCLUSIVE MODE;
            ALTER TABLE job_event RENAME TO job_event_by_month;
            CREATE TABLE job_event (LIKE job_event_by_month INCLUDING CONSTRAINTS INCLUDING STORAGE);
            INSERT INTO job_event SELECT * FROM job_event_by_month ORDER BY id;
            DROP TABLE job_event_by_month;
            DROP FUNCTION job_event_detach_months(int);
            DROP FUNCTION job_event_old_months(int);
            DROP FUNCTION job_event_make_months(int);
            DROP FUNCTION job_event_make_month(date);
            DROP FUNCTION job_event_month_name(date);
            ALTER TABLE job_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
            SELECT setval(pg_get_serial_sequence('job_event', 'id'), coalesce(max(id), 0) + 1, false) FROM job_event;
            ALTER TABLE job_event ALTER COLUMN at SET DEFAULT clock_timestamp();
            ALTER TABLE job_event ADD CONSTRAINT pk_job_event PRIMARY KEY (id);
            ALTER TABLE job_event ADD CONSTRAINT fk_job_event_job_job_id FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE RESTRICT;
            CREATE INDEX ix_job_event_job ON job_event (job_id, id);
            CREATE TRIGGER job_event_append_only BEFORE UPDATE OR DELETE ON job_event FOR EACH ROW EXECUTE FUNCTION job_event_append_only();
            CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON job_event FOR EACH STATEMENT EXECUTE FUNCTION job_event_append_only();
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<double>(
                name: "high",
                table: "metric",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "low",
                table: "metric",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "points",
                table: "metric",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "chore_run",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    chore = table.Column<string>(type: "text", nullable: false),
                    host = table.Column<string>(type: "text", nullable: false),
                    dry_run = table.Column<bool>(type: "boolean", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    report = table.Column<string>(type: "jsonb", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_chore_run", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "metric_thinning",
                columns: table => new
                {
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    points_before = table.Column<long>(type: "bigint", nullable: false),
                    points_after = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_metric_thinning", x => x.job_id);
                    table.ForeignKey(
                        name: "fk_metric_thinning_job_job_id",
                        column: x => x.job_id,
                        principalTable: "job",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "schedule",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    owner = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    cron = table.Column<string>(type: "text", nullable: false),
                    time_zone = table.Column<string>(type: "text", nullable: false),
                    missed = table.Column<string>(type: "text", nullable: false),
                    spec = table.Column<string>(type: "json", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_schedule", x => x.id);
                    table.CheckConstraint("ck_schedule_missed", "missed IN ('Once', 'Skip')");
                });

            migrationBuilder.CreateTable(
                name: "schedule_firing",
                columns: table => new
                {
                    schedule_id = table.Column<Guid>(type: "uuid", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    fired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    host = table.Column<string>(type: "text", nullable: false),
                    experiment_id = table.Column<Guid>(type: "uuid", nullable: true),
                    problem = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_schedule_firing", x => new { x.schedule_id, x.due_at });
                    table.CheckConstraint("ck_schedule_firing_outcome", "(experiment_id IS NULL) = (problem IS NOT NULL)");
                    table.ForeignKey(
                        name: "fk_schedule_firing_experiment_experiment_id",
                        column: x => x.experiment_id,
                        principalTable: "experiment",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_schedule_firing_schedule_schedule_id",
                        column: x => x.schedule_id,
                        principalTable: "schedule",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.AddCheckConstraint(
                name: "ck_metric_bucket",
                table: "metric",
                sql: "(points IS NULL) = (low IS NULL) AND (points IS NULL) = (high IS NULL)");

            migrationBuilder.CreateIndex(
                name: "ix_chore_run_chore",
                table: "chore_run",
                columns: new[] { "chore", "id" },
                descending: new[] { false, true });

            migrationBuilder.CreateIndex(
                name: "ux_schedule_name",
                table: "schedule",
                columns: new[] { "owner", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_schedule_seq",
                table: "schedule",
                column: "seq",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_schedule_firing_experiment",
                table: "schedule_firing",
                column: "experiment_id");

            migrationBuilder.Sql(HistoryByMonth);
            migrationBuilder.Sql(ChunkChurn);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "chore_run");

            migrationBuilder.DropTable(
                name: "metric_thinning");

            migrationBuilder.DropTable(
                name: "schedule_firing");

            migrationBuilder.DropTable(
                name: "schedule");

            migrationBuilder.DropCheckConstraint(
                name: "ck_metric_bucket",
                table: "metric");

            migrationBuilder.DropColumn(
                name: "high",
                table: "metric");

            migrationBuilder.DropColumn(
                name: "low",
                table: "metric");

            migrationBuilder.DropColumn(
                name: "points",
                table: "metric");

            migrationBuilder.Sql(HistoryInOneTable);
            migrationBuilder.Sql(
                """
                ALTER TABLE chunk RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay, toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_threshold, toast.autovacuum_vacuum_cost_delay);
                ALTER TABLE checkpoint RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
                ALTER TABLE checkpoint_chunk RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
                """);
        }
    }
}
