using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>The rules between fields of a sweep that is well-formed on its own: paths exist, no two axes set the same place, counts are bounded.</summary>
public static class SweepRules
{
    /// <summary>Points a sweep may have.</summary>
    public const int MostPoints = 10_000;

    /// <summary>Different jobs a sweep may need.</summary>
    public const int MostJobs = 50_000;

    /// <summary>Bytes of JSON that the specs of all points may be together: all of them are read before the first is stored.</summary>
    public const long MostText = 512L << 20;

    const int MostAxes = 16;
    const int MostRungs = 10;
    // Each is compared with every other.
    const int MostPaths = 1000;

    /// <summary>Everything that is wrong, in the order of the spec.</summary>
    public static IReadOnlyList<SpecProblem> Check(SweepSpec spec)
    {
        var problems = new List<SpecProblem>();
        if (SpecRules.NameProblem(spec.Name) is { } name) problems.Add(name);
        CheckAxes(spec, problems);
        switch (spec.Space)
        {
            case GridSpaceSpec grid: CheckGrid(grid, problems); break;
            case RandomSpaceSpec random: CheckRandom(random, problems); break;
            case ListSpaceSpec list: CheckList(list, problems); break;
        }
        if (spec.Halving is { } halving) CheckHalving(spec, halving, problems);
        return problems;
    }

    static void CheckAxes(SweepSpec spec, List<SpecProblem> problems)
    {
        var axes = spec.Space.AllAxes().ToList();
        if (axes.Count is 0 or > MostAxes)
            problems.Add(new("$.space.axes", "a sweep has not so many axes", Number(axes.Count), $"1 to {Number(MostAxes)}"));
        if (axes.Sum(axis => axis.Paths.Count) + (spec.Halving?.Paths.Count ?? 0) is > MostPaths and var paths)
        {
            problems.Add(new("$.space.axes", "the axes set too many places", Number(paths), $"at most {Number(MostPaths)} paths together"));
            return;
        }
        var @base = JsonSerializer.SerializeToElement(spec.Base, SpecJson.Options);
        var known = new List<(SpecPath Path, string Place)>();
        foreach (var axis in axes) CheckPaths(axis.Paths, SpecReader.Join("$.space.axes", axis.Name) + ".paths", @base, known, problems);
        if (spec.Halving is { } halving) CheckPaths(halving.Paths, "$.halving.paths", @base, known, problems);
    }

    static void CheckPaths(IReadOnlyList<string> paths, string place, JsonElement root, List<(SpecPath Path, string Place)> known, List<SpecProblem> problems)
    {
        if (paths.Count == 0) problems.Add(new(place, "sets nothing", "[]", "at least one path into the base, e.g. models.net.weights.epochs"));
        for (var i = 0; i < paths.Count; i++)
        {
            var at = $"{place}[{Number(i)}]";
            if (SpecPath.Parse(paths[i]) is not { } path)
                problems.Add(new(at, "not a path", SpecReader.Shorten(paths[i]), "names with dots between them, e.g. models.net.weights.epochs or tables[0].title"));
            else if (path.Missing(root) is var (got, expected))
                problems.Add(new(at, $"the base has no {SpecReader.Shorten(paths[i])}", got, expected));
            else if (known.FirstOrDefault(other => other.Path.Overlaps(path)) is { Path: { } taken, Place: var where })
                problems.Add(new(at, $"sets what {where} sets", SpecReader.Shorten(paths[i]), $"a place apart from {SpecReader.Shorten(taken.Text)}"));
            else
                known.Add((path, at));
        }
    }

    static void CheckGrid(GridSpaceSpec grid, List<SpecProblem> problems)
    {
        var points = 1L;
        foreach (var (name, axis) in grid.Axes)
        {
            if (axis.Values.Count == 0) problems.Add(new(SpecReader.Join("$.space.axes", name) + ".values", "no value", "[]", "at least one"));
            points = Math.Min(points * axis.Values.Count, long.MaxValue / (MostPoints + 1L));
        }
        if (points > MostPoints || grid.Axes.Values.Any(axis => axis.Values.Count > MostPoints))
            problems.Add(new("$.space.axes", "too many combinations", string.Join(" x ", grid.Axes.Values.Select(axis => Number(axis.Values.Count))), $"at most {Number(MostPoints)} points"));
    }

    static void CheckRandom(RandomSpaceSpec random, List<SpecProblem> problems)
    {
        foreach (var (name, axis) in random.Axes)
        {
            var place = SpecReader.Join("$.space.axes", name) + ".draw";
            var (from, to) = axis.Draw switch
            {
                UniformSpec range => (range.From, range.To),
                LogUniformSpec range => (range.From, range.To),
                IntegerSpec range => (range.From, range.To),
                _ => (0d, 1d),
            };
            if (from >= to) problems.Add(new($"{place}.to", "the interval is empty", to.ToString("R", CultureInfo.InvariantCulture), $"above {from.ToString("R", CultureInfo.InvariantCulture)}"));
            else if (!double.IsFinite(to - from)) problems.Add(new($"{place}.to", "the interval is too wide", to.ToString("R", CultureInfo.InvariantCulture), "a width that is a number"));
            if (axis.Draw is ChoiceSpec { Values.Count: 0 }) problems.Add(new($"{place}.values", "no value", "[]", "at least one"));
        }
    }

    static void CheckList(ListSpaceSpec list, List<SpecProblem> problems)
    {
        if (list.Points.Count is 0 or > MostPoints)
            problems.Add(new("$.space.points", "a sweep has not so many points", Number(list.Points.Count), $"1 to {Number(MostPoints)}"));
        for (var i = 0; i < Math.Min(list.Points.Count, MostPoints); i++)
        {
            var place = $"$.space.points[{Number(i)}]";
            foreach (var name in list.Points[i].Keys.Where(name => !list.Axes.ContainsKey(name)))
                problems.Add(new(SpecReader.Join(place, name), "no such axis" + SpecReader.DidYouMean(name, list.Axes.Keys), name, SpecReader.OneOf(list.Axes.Keys)));
            foreach (var name in list.Axes.Keys.Where(name => !list.Points[i].ContainsKey(name)))
                problems.Add(new(SpecReader.Join(place, name), "missing", "", $"a value of the axis {name}"));
        }
    }

    static void CheckHalving(SweepSpec spec, HalvingSpec halving, List<SpecProblem> problems)
    {
        if (halving.Rungs.Count is < 2 or > MostRungs)
            problems.Add(new("$.halving.rungs", "halving has not so many rungs", Number(halving.Rungs.Count), $"2 to {Number(MostRungs)} numbers of epochs"));
        if (halving.Rungs.Any(epochs => epochs < 1) || halving.Rungs.Zip(halving.Rungs.Skip(1)).Any(pair => pair.First >= pair.Second))
            problems.Add(new("$.halving.rungs", "not rising numbers of epochs", string.Join(", ", halving.Rungs.Select(Number)), "e.g. [3, 9, 27]"));
        switch (halving.By)
        {
            case ResultScoreSpec { Result: var result }:
                Name(result, [.. spec.Base.ResultIds()], "result", "$.halving.by.result", problems);
                break;
            case MetricScoreSpec { Model: var model }:
                Name(model, [.. spec.Base.Models.Where(entry => entry.Value.Weights is TrainingSpec).Select(entry => entry.Key)], "trained model", "$.halving.by.model", problems);
                break;
        }
    }

    static void Name(string name, IReadOnlyList<string> known, string what, string path, List<SpecProblem> problems)
    {
        if (!known.Contains(name))
            problems.Add(new(path, $"the base has no such {what}" + SpecReader.DidYouMean(name, known), SpecReader.Shorten(name), known.Count > 0 ? SpecReader.OneOf(known) : $"a {what} of the base"));
    }

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
