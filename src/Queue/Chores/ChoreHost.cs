using System.Globalization;

namespace KdRobust.Queue.Chores;

/// <summary>The program that runs chores.</summary>
/// <param name="ConnectionString">The service's database, for the programs that copy it.</param>
/// <param name="Settings">When which chore runs.</param>
public sealed record ChoreHost(string ConnectionString, ChoreSettings Settings)
{
    /// <summary>Who this is: in the rows of what it did, and among the scheduler's replicas.</summary>
    public string Name { get; init; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}");

    /// <summary>Between two looks at whether the scheduler knows what the rows say.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How late a firing may be before it counts as missed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);
}
