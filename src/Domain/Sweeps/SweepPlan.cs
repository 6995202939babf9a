using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;

namespace KdRobust.Domain.Sweeps;

/// <summary>A point with the experiment it is.</summary>
/// <param name="Point">Its values.</param>
/// <param name="Spec">The base with the values put in, without problems.</param>
/// <param name="Plan">The experiment's plan as run 0; its fingerprint is the experiment's identity: equal points have the same.</param>
public sealed record PlannedPoint(SweepPoint Point, ExperimentSpec Spec, ExperimentPlan Plan);

/// <summary>A sweep's points as experiments. Pure: the same sweep always gives the same plan.</summary>
public sealed class SweepPlan
{
    const int MostTold = 100;
    // All of them are planned to find which are the same.
    const int MostPlanned = 2_000_000;

    SweepPlan(SweepSpec spec, int rung, IReadOnlyList<PlannedPoint> points)
    {
        (Spec, Rung, Points) = (spec, rung, points);
        Fingerprint = FingerprintOf(spec);
    }

    public SweepSpec Spec { get; }

    /// <summary>The rung of the halving; 0 without one.</summary>
    public int Rung { get; }

    /// <summary>The points, in their order.</summary>
    public IReadOnlyList<PlannedPoint> Points { get; }

    /// <summary>SHA-256 of the whole sweep: submitting it again finds the first submission.</summary>
    public string Fingerprint { get; }

    /// <summary>Plans all points of a sweep, or says what is wrong with them: each kind of problem once, with the first point that has it.</summary>
    /// <param name="spec">A sweep without problems of its own.</param>
    public static (SweepPlan? Plan, IReadOnlyList<SpecProblem> Problems) Of(SweepSpec spec)
    {
        var bytes = SweepText.Bytes(spec);
        if (bytes > SweepRules.MostText)
            return (null, [new("$.base", "the specs of all points are too much text together", $"{bytes} bytes", $"at most {SweepRules.MostText}: fewer points, a smaller base, or shorter values")]);
        var points = SweepPoints.Of(spec.Space);
        var (plan, problems) = Of(spec, 0, points);
        // Epochs are bounded from below by other fields, and from above by themselves: rungs between the ends are right when the ends are.
        if (problems.Count == 0 && spec.Halving is { } halving) problems = Told(spec, points, Read(spec, halving.Rungs.Count - 1, points));
        if (problems.Count == 0 && plan!.Points.SelectMany(point => point.Plan.Jobs).Select(job => job.Fingerprint).Distinct(StringComparer.Ordinal).Count() is > SweepRules.MostJobs and var jobs)
            problems = [new("$.space", "the points need too many jobs", Number(jobs), $"at most {Number(SweepRules.MostJobs)} different ones: fewer points, or a smaller base")];
        return problems.Count == 0 ? (plan, []) : (null, problems);
    }

    /// <summary>Plans some points of a sweep at a rung.</summary>
    /// <param name="spec">The sweep.</param>
    /// <param name="rung">The rung; 0 without halving.</param>
    /// <param name="points">The points.</param>
    public static (SweepPlan? Plan, IReadOnlyList<SpecProblem> Problems) Of(SweepSpec spec, int rung, IReadOnlyList<SweepPoint> points)
    {
        var readings = Read(spec, rung, points);
        if (readings.Any(reading => !reading.IsValid)) return (null, Told(spec, points, readings));
        if (readings.Sum(reading => (long)SpecRules.JobsAtMost(reading.Spec!)) is > MostPlanned and var jobs)
            return (null, [new("$.space", "the points need too many jobs", jobs.ToString(CultureInfo.InvariantCulture), $"at most {Number(MostPlanned)} before those that are the same are found: fewer points, a smaller base, or larger shards")]);
        var planned = new PlannedPoint[points.Count];
        Parallel.For(0, points.Count, i => planned[i] = new(points[i], readings[i].Spec!, ExperimentPlan.OfChecked(readings[i].Spec!, 0)));
        return (new(spec, rung, planned), []);
    }

    /// <summary>The fingerprint of a sweep, see <see cref="Fingerprint"/>.</summary>
    public static string FingerprintOf(SweepSpec spec) => CanonicalJson.Sha256Of(spec with { Schema = null, Base = spec.Base with { Schema = null } });

    static SpecReading[] Read(SweepSpec spec, int rung, IReadOnlyList<SweepPoint> points)
    {
        var paths = spec.Space.AllAxes().Select(axis => axis.Paths);
        if (spec.Halving is not null) paths = paths.Append(spec.Halving.Paths);
        var template = SpecTemplate.Of(spec.Base, [.. paths.Select(slot => (IReadOnlyList<SpecPath>)[.. slot.Select(path => SpecPath.Parse(path)!)])]);
        string[] epochs = spec.Halving is { } halving ? [Number(halving.Rungs[rung])] : [];
        var readings = new SpecReading[points.Count];
        Parallel.For(0, points.Count, i => readings[i] = SpecReader.Read(template.With([.. points[i].Values.Select(value => value.GetRawText()), .. epochs])));
        return readings;
    }

    // Ten thousand points with the same slip are one thing to mend.
    static IReadOnlyList<SpecProblem> Told(SweepSpec spec, IReadOnlyList<SweepPoint> points, SpecReading[] readings)
    {
        var found = readings.SelectMany((reading, i) => reading.Problems.Select(problem => (Point: points[i], Problem: problem)))
            .GroupBy(entry => entry.Problem).Select(group => (group.Key, First: group.First().Point, Count: group.Count())).ToList();
        var axes = spec.Space.AllAxes().Select(axis => axis.Name).ToList();
        var told = found.Take(MostTold).Select(entry => entry.Key with
        {
            Path = "$.base" + entry.Key.Path[1..],
            Message = $"{entry.Key.Message}, at point {Number(entry.First.Ordinal)} ({Text(axes, entry.First)}){(entry.Count > 1 ? $" and {Number(entry.Count - 1)} more" : "")}",
        }).ToList();
        if (found.Count > MostTold) told.Add(new("$.space", "more problems than are told", Number(found.Count), $"the first {Number(MostTold)} are above"));
        return told;
    }

    static string Text(List<string> axes, SweepPoint point) => string.Join(", ", axes.Zip(point.Values, (axis, value) => $"{axis}={SpecReader.Shorten(ValueText(value))}"));

    /// <summary>A value as people read it: texts without quotes.</summary>
    public static string ValueText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
