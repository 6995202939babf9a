using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>Who may ask and until when, who asked what, what was answered, and the orders that lists come in.</summary>
    public partial class ApiAccess : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "expires_at",
                table: "api_key",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "last_used_at",
                table: "api_key",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "replaces",
                table: "api_key",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "audit",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    key_id = table.Column<Guid>(type: "uuid", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    @object = table.Column<string>(name: "object", type: "text", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "idempotency",
                columns: table => new
                {
                    owner = table.Column<string>(type: "text", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    route = table.Column<string>(type: "text", nullable: false),
                    body_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    effect = table.Column<string>(type: "text", nullable: true),
                    status = table.Column<int>(type: "integer", nullable: true),
                    content_type = table.Column<string>(type: "text", nullable: true),
                    location = table.Column<string>(type: "text", nullable: true),
                    answer = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_idempotency", x => new { x.owner, x.key });
                });

            migrationBuilder.CreateIndex(
                name: "ix_job_finished",
                table: "job",
                columns: new[] { "finished_at", "seq" },
                filter: "finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_job_owner",
                table: "job",
                columns: new[] { "owner", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_job_state",
                table: "job",
                columns: new[] { "state", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_experiment_name",
                table: "experiment",
                columns: new[] { "name", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_experiment_owner",
                table: "experiment",
                columns: new[] { "owner", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_object",
                table: "audit",
                columns: new[] { "object", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_owner",
                table: "audit",
                columns: new[] { "owner", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_idempotency_created_at",
                table: "idempotency",
                column: "created_at");

            migrationBuilder.Sql(
                """
                -- Retention may delete old lines; nobody changes one, and a young one stays.
                CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF TG_OP = 'DELETE' AND OLD.at < clock_timestamp() - interval '90 days' THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_append_only';
                END $$;

                CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only();
                CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit");

            migrationBuilder.DropTable(
                name: "idempotency");

            migrationBuilder.DropIndex(
                name: "ix_job_finished",
                table: "job");

            migrationBuilder.DropIndex(
                name: "ix_job_owner",
                table: "job");

            migrationBuilder.DropIndex(
                name: "ix_job_state",
                table: "job");

            migrationBuilder.DropIndex(
                name: "ix_experiment_name",
                table: "experiment");

            migrationBuilder.DropIndex(
                name: "ix_experiment_owner",
                table: "experiment");

            migrationBuilder.DropColumn(
                name: "expires_at",
                table: "api_key");

            migrationBuilder.DropColumn(
                name: "last_used_at",
                table: "api_key");

            migrationBuilder.DropColumn(
                name: "replaces",
                table: "api_key");

            migrationBuilder.Sql("DROP FUNCTION audit_append_only();");
        }
    }
}
