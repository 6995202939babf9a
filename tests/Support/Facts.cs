using Xunit;

namespace KdRobust.Support;

/// <summary>
/// A test that computes on the device of <see cref="TestDevice"/>; skipped where KDR_DEVICE asks for a GPU that is not there.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public class DeviceFactAttribute : FactAttribute
{
    public DeviceFactAttribute()
        : this(null)
    {
    }

    /// <param name="missing">Why the test cannot run wherever it computes, or null.</param>
    protected DeviceFactAttribute(string? missing) => Skip = missing ?? SkipReason.Device;

    /// <summary>Why it does not run here; null when it does.</summary>
    public sealed override string? Skip { get; set; }

    /// <summary>Why the test means something on the CPU only; it is skipped with this reason elsewhere.</summary>
    public string? CpuOnly
    {
        get => null;
        set => Skip ??= TestDevice.IsCuda ? $"on the CPU only: {value}" : null;
    }

    /// <summary>True for a test that starts another .NET program, for which a machine needs more than this one.</summary>
    public bool NeedsDotnet
    {
        get => false;
        set => Skip ??= value ? SkipReason.Dotnet : null;
    }

    /// <summary>Why the stand-in for a GPU cannot run the test.</summary>
    public string? NoStandIn
    {
        get => null;
        set => Skip ??= TestDevice.IsStandIn ? $"not on the stand-in: {value}" : null;
    }
}

/// <summary>A table of cases that compute on the device of <see cref="TestDevice"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public class DeviceTheoryAttribute : TheoryAttribute
{
    public DeviceTheoryAttribute()
        : this(null)
    {
    }

    /// <param name="missing">Why the cases cannot run wherever they compute, or null.</param>
    protected DeviceTheoryAttribute(string? missing) => Skip = missing ?? SkipReason.Device;

    /// <summary>Why it does not run here; null when it does.</summary>
    public sealed override string? Skip { get; set; }

    /// <inheritdoc cref="DeviceFactAttribute.CpuOnly"/>
    public string? CpuOnly
    {
        get => null;
        set => Skip ??= TestDevice.IsCuda ? $"on the CPU only: {value}" : null;
    }

    /// <summary>True for a test that starts another .NET program, for which a machine needs more than this one.</summary>
    public bool NeedsDotnet
    {
        get => false;
        set => Skip ??= value ? SkipReason.Dotnet : null;
    }

    /// <summary>Why the stand-in for a GPU cannot run the test.</summary>
    public string? NoStandIn
    {
        get => null;
        set => Skip ??= TestDevice.IsStandIn ? $"not on the stand-in: {value}" : null;
    }
}

/// <summary>A test on the golden vectors; skipped when KDR_GOLDEN is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenFactAttribute() : DeviceFactAttribute(SkipReason.Golden);

/// <summary>A table of cases on the golden vectors; skipped when KDR_GOLDEN is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenTheoryAttribute() : DeviceTheoryAttribute(SkipReason.Golden);

/// <summary>A test on real images; skipped when KDR_DATA is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataFactAttribute() : DeviceFactAttribute(SkipReason.Data);

/// <summary>A test on public pretrained weights; skipped when KDR_WEIGHTS is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class WeightsFactAttribute() : DeviceFactAttribute(SkipReason.Weights);

/// <summary>A test that needs an NVIDIA GPU and a libtorch that can use it; skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute() => Skip = TestDevice.IsStandIn ? "the stand-in is no NVIDIA GPU" : SkipReason.Cuda;
}

/// <summary>A test on PostgreSQL; skipped only when no server program is found and KDR_TEST_POSTGRES names none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = SkipReason.Postgres;
}

/// <summary>A table of cases on PostgreSQL; skipped as <see cref="PostgresFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = SkipReason.Postgres;
}

/// <summary>A test that stops, kills or restarts a PostgreSQL of its own; skipped only when no server program is found.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PrivatePostgresFactAttribute : FactAttribute
{
    public PrivatePostgresFactAttribute() => Skip = SkipReason.PrivatePostgres;
}

/// <summary>A table of cases on a PostgreSQL of the tests' own; skipped as <see cref="PrivatePostgresFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PrivatePostgresTheoryAttribute : TheoryAttribute
{
    public PrivatePostgresTheoryAttribute() => Skip = SkipReason.PrivatePostgres;
}

/// <summary>A test against PyTorch itself in a child process; skipped when no Python with torch is found.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTorchFactAttribute() : DeviceFactAttribute(SkipReason.PythonTorch);

/// <summary>A table of cases against PyTorch itself; skipped as <see cref="PythonTorchFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTorchTheoryAttribute() : DeviceTheoryAttribute(SkipReason.PythonTorch);
