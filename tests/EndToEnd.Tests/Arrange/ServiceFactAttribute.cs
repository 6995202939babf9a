using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>A test on the whole service; skipped only where PostgreSQL or the native build is missing, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServiceFactAttribute : FactAttribute
{
    public ServiceFactAttribute() => Skip = new PrivatePostgresFactAttribute().Skip ?? (Programs.NativeIsBuilt ? null : "the native part is not built: ./kdr test builds it");
}
