using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// What a service under load must not pay for. Metrics: one index instead of three, and no question about the job for each row
    /// of hundreds of thousands; the append holds the job's row. The history: a claim is told by the claimer after its commit, since a
    /// transaction that notifies holds a lock of the whole server until it is on disk.
    /// </summary>
    public partial class ServiceLoad : Migration
    {
        // A quota is asked about where a job stops running: that may be what held others back.
        const string History =
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

        const string HistoryThatTellsClaims =
            """
            CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
                    INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason, at)
                    VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.fence,
                            coalesce(NEW.worker, CASE WHEN TG_OP = 'UPDATE' THEN OLD.worker END), NEW.reason, clock_timestamp());
                    PERFORM pg_notify('kdr_job', NEW.id::text);
                    IF NEW.state = 'Queued' OR (TG_OP = 'UPDATE' AND OLD.state = 'Running' AND EXISTS (SELECT 1 FROM quota WHERE device = NEW.device)) THEN
                        PERFORM pg_notify('kdr_ready', NEW.device);
                    END IF;
                END IF;
                RETURN NULL;
            END $$;
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_metric_job_job_id",
                table: "metric");

            migrationBuilder.DropPrimaryKey(
                name: "pk_metric",
                table: "metric");

            migrationBuilder.DropIndex(
                name: "ix_metric_cursor",
                table: "metric");

            migrationBuilder.DropIndex(
                name: "ux_metric_claim_ordinal",
                table: "metric");

            migrationBuilder.AddPrimaryKey(
                name: "pk_metric",
                table: "metric",
                columns: new[] { "job_id", "id" });

            migrationBuilder.Sql(History);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(HistoryThatTellsClaims);

            migrationBuilder.DropPrimaryKey(
                name: "pk_metric",
                table: "metric");

            migrationBuilder.AddPrimaryKey(
                name: "pk_metric",
                table: "metric",
                column: "id");

            migrationBuilder.CreateIndex(
                name: "ix_metric_cursor",
                table: "metric",
                columns: new[] { "job_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_metric_claim_ordinal",
                table: "metric",
                columns: new[] { "job_id", "fence", "ordinal" },
                unique: true);

            migrationBuilder.AddForeignKey(
                name: "fk_metric_job_job_id",
                table: "metric",
                column: "job_id",
                principalTable: "job",
                principalColumn: "id",
                onDelete: ReferentialAction.Restrict);
        }
    }
}
