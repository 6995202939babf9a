using KdRobust.Support;
using KdRobust.Web.Tests.Browsing;

namespace KdRobust.Web.Tests.Host;

/// <summary>A test of the page in a browser over the real service; skipped only where a browser, the built page or PostgreSQL is missing, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PageFactAttribute : FactAttribute
{
    public PageFactAttribute() => Skip = new PostgresFactAttribute().Skip
        ?? (Browser.Find() is null ? "there is no Chromium: ./kdr test installs it" : null)
        ?? (File.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot", "index.html")) ? null : "the page is not built: ./kdr test builds it");
}
