using KdRobust.Persistence.Overviews;

namespace KdRobust.Api.Dashboard;

/// <summary>The live page put into the service.</summary>
static class DashboardRegistration
{
    public static void AddDashboard(this IServiceCollection services) => services
        .AddSingleton<OverviewStore>()
        .AddSingleton<OverviewSource>()
        // Beside the program, wherever it is started from.
        .AddSingleton(_ => new PageFiles(Path.Combine(AppContext.BaseDirectory, "wwwroot")));

    public static void MapDashboard(this WebApplication app)
    {
        app.MapMe();
        app.MapOverview();
    }
}
