namespace KdRobust.Architecture.Tests;

/// <summary>
/// Supervisor and run process are one program, so a reference between projects cannot keep them apart: only the types of
/// processes that compute (Running: the run process, Local: one-off runs, Rows: many of them, and the entry point) may name what loads libtorch.
/// </summary>
public class SupervisorTests
{
    private static readonly string[] LoadsLibtorch = ["KdRobust.Learning", "KdRobust.Torch"];

    private static IReadOnlyList<(Type Type, bool Computes, bool NamesLibtorch)> Types { get; } =
        [.. ReadOnlyContext.Load("Worker").GetTypes().Select(type => (
            type,
            type.Namespace is "KdRobust.Worker.Running" or "KdRobust.Worker.Local" or "KdRobust.Worker.Rows" || Outermost(type).Name == "Program",
            MemberUses.Types(type).Any(named => LoadsLibtorch.Contains(named.Assembly.GetName().Name))))];

    [Fact]
    public void The_supervisor_names_nothing_that_loads_libtorch() =>
        Types.Where(entry => !entry.Computes && entry.NamesLibtorch).Select(entry => entry.Type.FullName).ShouldBeEmpty();

    [Fact]
    public void The_scan_sees_both_processes()
    {
        Types.ShouldContain(entry => entry.Computes && entry.NamesLibtorch, "the run process computes with KdRobust.Learning");
        Types.ShouldContain(entry => entry.Type.FullName == "KdRobust.Worker.Serving.Supervisor");
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
