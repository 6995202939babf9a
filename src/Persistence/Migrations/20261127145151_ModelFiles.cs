using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class ModelFiles : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "model_file",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    owner = table.Column<string>(type: "text", nullable: false),
                    sha256 = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    bytes = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_model_file", x => x.id);
                    table.CheckConstraint("ck_model_file_bytes", "bytes > 0");
                    table.CheckConstraint("ck_model_file_sha256", "sha256 ~ '^[0-9a-f]{64}$'");
                });

            migrationBuilder.CreateTable(
                name: "model_file_chunk",
                columns: table => new
                {
                    model_file_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    length = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_model_file_chunk", x => new { x.model_file_id, x.ordinal });
                    table.ForeignKey(
                        name: "fk_model_file_chunk_chunk_sha256",
                        column: x => x.sha256,
                        principalTable: "chunk",
                        principalColumn: "sha256",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_model_file_chunk_model_file_model_file_id",
                        column: x => x.model_file_id,
                        principalTable: "model_file",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_model_file_owner",
                table: "model_file",
                columns: new[] { "owner", "seq" });

            migrationBuilder.CreateIndex(
                name: "ux_model_file_owner_sha256",
                table: "model_file",
                columns: new[] { "owner", "sha256" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_model_file_chunk_sha256",
                table: "model_file_chunk",
                column: "sha256");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "model_file_chunk");

            migrationBuilder.DropTable(
                name: "model_file");
        }
    }
}
