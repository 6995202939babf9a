using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>The list of a content's chunks has a sum of its own: a reader who has checked every chunk need not hash the whole once more.</summary>
    public partial class ChunkLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "list_sha256",
                table: "model_file",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "list_sha256",
                table: "checkpoint",
                type: "bytea",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "list_sha256",
                table: "model_file");

            migrationBuilder.DropColumn(
                name: "list_sha256",
                table: "checkpoint");
        }
    }
}
