using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// Sweeps, and a history of new jobs that is written by statement instead of by row: ten thousand jobs that are stored at once
    /// are as complete in job_event, and wake workers and watchers with a handful of notifications instead of ten thousand.
    /// </summary>
    public partial class Sweeps : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "sweep_only",
                table: "experiment",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "sweep",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    owner = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    title = table.Column<string>(type: "text", nullable: false),
                    spec = table.Column<string>(type: "json", nullable: false),
                    fingerprint = table.Column<string>(type: "text", nullable: false),
                    run_number = table.Column<int>(type: "integer", nullable: false),
                    open_rung = table.Column<int>(type: "integer", nullable: true),
                    trouble = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    cancelled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancelled_by = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sweep", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sweep_point",
                columns: table => new
                {
                    sweep_id = table.Column<Guid>(type: "uuid", nullable: false),
                    rung = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    experiment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    axes = table.Column<string>(type: "json", nullable: false),
                    sources = table.Column<string>(type: "json", nullable: false),
                    score_job = table.Column<Guid>(type: "uuid", nullable: true),
                    score = table.Column<double>(type: "double precision", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sweep_point", x => new { x.sweep_id, x.rung, x.ordinal });
                    table.ForeignKey(
                        name: "fk_sweep_point_experiment_experiment_id",
                        column: x => x.experiment_id,
                        principalTable: "experiment",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_sweep_point_sweep_sweep_id",
                        column: x => x.sweep_id,
                        principalTable: "sweep",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_sweep_open",
                table: "sweep",
                column: "open_rung",
                filter: "open_rung IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_sweep_seq",
                table: "sweep",
                column: "seq",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_sweep_identity",
                table: "sweep",
                columns: new[] { "owner", "fingerprint", "run_number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_sweep_point_experiment",
                table: "sweep_point",
                column: "experiment_id");

            migrationBuilder.Sql(
                """
                DROP TRIGGER job_history ON job;
                CREATE TRIGGER job_history AFTER UPDATE OF state ON job FOR EACH ROW EXECUTE FUNCTION job_history();

                CREATE FUNCTION job_history_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    SELECT id, NULL, state, fence, worker, reason, clock_timestamp() FROM added ORDER BY seq;
                    -- Nobody can watch a job that is not there yet; a few are told all the same, for who watches whatever comes.
                    IF (SELECT count(*) FROM added) <= 100 THEN
                        PERFORM pg_notify('kdr_job', id::text) FROM added;
                    END IF;
                    PERFORM pg_notify('kdr_ready', device) FROM (SELECT DISTINCT device FROM added WHERE state = 'Queued') ready;
                    RETURN NULL;
                END $$;

                CREATE TRIGGER job_history_of_new AFTER INSERT ON job REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION job_history_of_new();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER job_history_of_new ON job;
                DROP FUNCTION job_history_of_new();
                DROP TRIGGER job_history ON job;
                CREATE TRIGGER job_history AFTER INSERT OR UPDATE OF state ON job FOR EACH ROW EXECUTE FUNCTION job_history();
                """);

            migrationBuilder.DropTable(
                name: "sweep_point");

            migrationBuilder.DropTable(
                name: "sweep");

            migrationBuilder.DropColumn(
                name: "sweep_only",
                table: "experiment");
        }
    }
}
