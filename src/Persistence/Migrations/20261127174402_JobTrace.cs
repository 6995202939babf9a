using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace KdRobust.Persistence.Migrations
{
    /// <summary>
    /// The trace that a job belongs to. Its default reads a setting of the transaction (KdRobust.Persistence.Jobs.JobTrace),
    /// so whatever inserts jobs need not name it; rows from before have none.
    /// </summary>
    public partial class JobTrace : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                table: "job",
                type: "text",
                nullable: true,
                defaultValueSql: "nullif(current_setting('kdrobust.trace_parent', true), '')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "trace_parent",
                table: "job");
        }
    }
}
