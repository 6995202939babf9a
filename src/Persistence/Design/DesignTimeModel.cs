using KdRobust.Persistence.Schema;
using Microsoft.EntityFrameworkCore.Design;

namespace KdRobust.Design;

/// <summary>The model, for `dotnet ef`; no database is asked.</summary>
sealed class DesignTimeModel : IDesignTimeDbContextFactory<KdRobustContext>
{
    /// <inheritdoc/>
    public KdRobustContext CreateDbContext(string[] args) => KdRobustContext.WithoutDatabase();
}
