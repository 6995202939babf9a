using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace KdRobust.Domain.Sweeps;

/// <summary>A point of a sweep.</summary>
/// <param name="Ordinal">Its place in the order of the sweep, from 0.</param>
/// <param name="Values">A JSON value for each axis, in the order of the axes.</param>
public sealed record SweepPoint(int Ordinal, IReadOnlyList<JsonElement> Values);

/// <summary>The points of a space, always the same in the same order.</summary>
public static class SweepPoints
{
    /// <summary>All points of a space without problems.</summary>
    public static IReadOnlyList<SweepPoint> Of(SpaceSpec space) => space switch
    {
        GridSpaceSpec grid => [.. Grid([.. grid.Axes.Values.Select(axis => axis.Values)])],
        RandomSpaceSpec random => [.. Enumerable.Range(0, random.Count).Select(n => new SweepPoint(n, [.. random.Axes.Select(axis => Draw(axis.Value.Draw, Uniform(random.Seed, axis.Key, n)))]))],
        ListSpaceSpec list => [.. list.Points.Select((point, n) => new SweepPoint(n, [.. list.Axes.Keys.Select(axis => point[axis])]))],
        _ => throw new ArgumentOutOfRangeException(nameof(space), space.GetType().Name, "no such space"),
    };

    static IEnumerable<SweepPoint> Grid(IReadOnlyList<IReadOnlyList<JsonElement>> axes)
    {
        var count = axes.Aggregate(1, (product, values) => checked(product * values.Count));
        for (var n = 0; n < count; n++)
        {
            var values = new JsonElement[axes.Count];
            var rest = n;
            for (var axis = axes.Count - 1; axis >= 0; axis--)
            {
                values[axis] = axes[axis][rest % axes[axis].Count];
                rest /= axes[axis].Count;
            }
            yield return new(n, values);
        }
    }

    static JsonElement Draw(DistributionSpec from, double u) => from switch
    {
        UniformSpec range => Number(Math.Clamp(Rounded(range.From + u * (range.To - range.From)), range.From, range.To)),
        LogUniformSpec range => Number(Math.Clamp(Rounded(Math.Exp(Math.Log(range.From) + u * (Math.Log(range.To) - Math.Log(range.From)))), range.From, range.To)),
        IntegerSpec range => Number(range.From + (long)(u * ((long)range.To - range.From + 1))),
        ChoiceSpec choice => choice.Values[(int)(u * choice.Values.Count)],
        _ => throw new ArgumentOutOfRangeException(nameof(from), from.GetType().Name, "no such distribution"),
    };

    /// <summary>A number of [0,1) that depends on seed, axis and point alone, with 53 random bits.</summary>
    static double Uniform(long seed, string axis, int point)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"sweep\n{seed}\n{axis}\n{point}")));
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }

    // A person reads it, and the last digits of a logarithm are not the same on every machine.
    static double Rounded(double value) => double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    static JsonElement Number<T>(T value) => JsonSerializer.SerializeToElement(value);
}
