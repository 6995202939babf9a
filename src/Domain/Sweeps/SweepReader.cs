using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>A sweep that was read, or everything that is wrong with it.</summary>
public sealed record SweepReading(SweepSpec? Spec, IReadOnlyList<SpecProblem> Problems)
{
    /// <summary>True when <see cref="Spec"/> may be planned.</summary>
    public bool IsValid => Problems.Count == 0 && Spec is not null;
}

/// <summary>Reads a sweep from JSON and reports everything that is wrong with it at once, each with its path.</summary>
public static class SweepReader
{
    /// <summary>Reads <paramref name="json"/>: first syntax, fields, types and ranges, then the base's own rules and those of the axes. What a single point does wrong is found by <see cref="SweepPlan"/>.</summary>
    public static SweepReading Read(string json)
    {
        // The base is a spec of full depth, one level down.
        using var document = SpecReader.Parse(json, typeof(SweepSpec), SpecReader.MaxDepth + 2, out var problems);
        if (document is null || problems.Count > 0) return new(null, problems);
        var spec = document.RootElement.Deserialize<SweepSpec>(SpecJson.Options)!;
        return new(spec, SweepRules.Check(spec));
    }

    /// <summary>The schema as indented JSON; committed as experiments/sweeps/sweep.schema.json.</summary>
    public static string Schema() => SpecSchema.Write(typeof(SweepSpec), "KdRobust sweep");
}
