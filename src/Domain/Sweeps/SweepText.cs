using System.Runtime.InteropServices;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>How much text the specs of a sweep's points are: a small body may name much of it, by many points and by axes that set many places.</summary>
internal static class SweepText
{
    const int Drawn = 32;

    /// <summary>Bytes of JSON of all points together, at most.</summary>
    /// <param name="spec">A sweep without problems of its own.</param>
    public static Int128 Bytes(SweepSpec spec)
    {
        Int128 points = spec.Space switch
        {
            GridSpaceSpec grid => grid.Axes.Values.Aggregate((Int128)1, (product, axis) => product * axis.Values.Count),
            RandomSpaceSpec random => random.Count,
            ListSpaceSpec list => list.Points.Count,
            _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Space.GetType().Name, "no such space"),
        };
        return (points * JsonSerializer.SerializeToUtf8Bytes(spec.Base, SpecJson.Options).Length) + Values(spec.Space, points);
    }

    static Int128 Values(SpaceSpec space, Int128 points) => space switch
    {
        GridSpaceSpec grid => Sum(grid.Axes.Values.Select(axis => points / axis.Values.Count * axis.Paths.Count * Sum(axis.Values.Select(Length)))),
        RandomSpaceSpec random => Sum(random.Axes.Values.Select(axis => points * axis.Paths.Count * (axis.Draw is ChoiceSpec choice ? choice.Values.Max(Length) : Drawn))),
        ListSpaceSpec list => Sum(list.Axes.Select(axis => axis.Value.Paths.Count * Sum(list.Points.Select(point => Length(point[axis.Key]))))),
        _ => 0,
    };

    static Int128 Length(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).Length;

    static Int128 Sum(IEnumerable<Int128> numbers) => numbers.Aggregate((Int128)0, (sum, number) => sum + number);
}
