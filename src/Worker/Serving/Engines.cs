using KdRobust.Persistence.Changes;
using KdRobust.Queue.Slots;

namespace KdRobust.Worker.Serving;

/// <summary>The engines this build has.</summary>
static class Engines
{
    /// <summary>The one that a worker has when nothing else is said.</summary>
    internal const string Default = PostgresEngine.EngineName;

    sealed record Known(Func<EngineParts, IJobEngine> Create, params IReadOnlyList<ChangeTopic> Topics);

    static readonly SortedDictionary<string, Known> All = new(StringComparer.Ordinal)
    {
        [PostgresEngine.EngineName] = new(parts => new PostgresEngine(parts), ChangeTopic.Ready, ChangeTopic.Cancel),
    };

    /// <summary>What <c>--engine</c> may name.</summary>
    internal static IEnumerable<string> Names => All.Keys;

    /// <summary>The name, if this build has such an engine.</summary>
    /// <exception cref="UsageException">It has not.</exception>
    internal static string Checked(string name) =>
        All.ContainsKey(name) ? name : throw new UsageException($"--engine '{name}': expected {string.Join(" or ", Names)}, which this build has", optionsHelp: false);

    /// <summary>What an engine wants to hear of.</summary>
    internal static IReadOnlyList<ChangeTopic> TopicsOf(string name) => All[name].Topics;

    /// <summary>An engine that has not begun.</summary>
    internal static IJobEngine Create(string name, EngineParts parts) => All[name].Create(parts);
}
