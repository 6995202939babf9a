using Xunit;

namespace KdRobust.Support;

/// <summary>A test on the golden vectors; skipped when KDR_GOLDEN is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenFactAttribute : FactAttribute
{
    public GoldenFactAttribute() => Skip = SkipReason.Golden;
}

/// <summary>A table of cases on the golden vectors; skipped when KDR_GOLDEN is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute() => Skip = SkipReason.Golden;
}

/// <summary>A test on real images; skipped when KDR_DATA is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataFactAttribute : FactAttribute
{
    public DataFactAttribute() => Skip = SkipReason.Data;
}

/// <summary>A test on public pretrained weights; skipped when KDR_WEIGHTS is not set.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class WeightsFactAttribute : FactAttribute
{
    public WeightsFactAttribute() => Skip = SkipReason.Weights;
}

/// <summary>A test that needs an NVIDIA GPU and a libtorch that can use it; skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute() => Skip = SkipReason.Cuda;
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
public sealed class PythonTorchFactAttribute : FactAttribute
{
    public PythonTorchFactAttribute() => Skip = SkipReason.PythonTorch;
}

/// <summary>A table of cases against PyTorch itself; skipped as <see cref="PythonTorchFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTorchTheoryAttribute : TheoryAttribute
{
    public PythonTorchTheoryAttribute() => Skip = SkipReason.PythonTorch;
}
