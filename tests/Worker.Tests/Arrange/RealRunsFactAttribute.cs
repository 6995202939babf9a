using KdRobust.Support;

namespace KdRobust.Worker.Tests.Arrange;

/// <summary>A test of workers that really compute; skipped only where PostgreSQL or the native build is missing, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealRunsFactAttribute : FactAttribute
{
    public RealRunsFactAttribute() => Skip = new PostgresFactAttribute().Skip ?? (NativeIsBuilt ? null : "the native part is not built: ./kdr test builds it");

    static bool NativeIsBuilt
    {
        get
        {
            if (Environment.GetEnvironmentVariable("KDR_TORCH_NATIVE") is { Length: > 0 } named) return File.Exists(named);
            var folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "native"));
            return Directory.Exists(folder) && Directory.GetFiles(folder, "libkdr_torch.so", SearchOption.AllDirectories).Length > 0;
        }
    }
}
