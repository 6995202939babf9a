using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Domain.Tests.Sweeps;

public sealed class SweepPointsTests
{
    static JsonElement Value(object value) => JsonSerializer.SerializeToElement(value);

    static GridSpaceSpec Grid(params int[] sizes) => new()
    {
        Axes = sizes.Select((size, i) => KeyValuePair.Create($"a{i}", new GridAxisSpec { Paths = ["seed"], Values = [.. Enumerable.Range(0, size).Select(n => Value(n))] })).ToDictionary(),
    };

    static RandomSpaceSpec Random(long seed, int count, DistributionSpec draw, string axis = "a") =>
        new() { Seed = seed, Count = count, Axes = new Dictionary<string, RandomAxisSpec> { [axis] = new() { Paths = ["seed"], Draw = draw } } };

    static List<string> Texts(SpaceSpec space) => [.. SweepPoints.Of(space).Select(point => string.Join(',', point.Values.Select(value => value.GetRawText())))];

    [Fact]
    public void A_grid_has_every_combination_once_and_the_last_axis_changes_fastest()
    {
        Texts(Grid(2, 3)).ShouldBe(["0,0", "0,1", "0,2", "1,0", "1,1", "1,2"]);
        Prop.ForAll(Gen.Choose(1, 5).ArrayOf().Where(sizes => sizes.Length is >= 1 and <= 4).ToArbitrary(), sizes =>
        {
            var points = SweepPoints.Of(Grid(sizes));
            return points.Count == sizes.Aggregate(1, (a, b) => a * b)
                && Texts(Grid(sizes)).Distinct().Count() == points.Count
                && points.Select(point => point.Ordinal).SequenceEqual(Enumerable.Range(0, points.Count));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_points_depend_on_seed_axis_and_place_alone()
    {
        var range = new UniformSpec { From = 0, To = 1 };
        Prop.ForAll(ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<PositiveInt>(), (seed, count) =>
        {
            var few = Texts(Random(seed.Get, count.Get, range));
            return few.SequenceEqual(Texts(Random(seed.Get, count.Get + 7, range)).Take(count.Get)) && few.SequenceEqual(Texts(Random(seed.Get, count.Get, range)));
        }).QuickCheckThrowOnFailure();
        Texts(Random(1, 20, range)).ShouldNotBe(Texts(Random(2, 20, range)));
        Texts(Random(1, 20, range)).ShouldNotBe(Texts(Random(1, 20, range, "b")));
    }

    [Fact]
    public void What_a_seed_draws_never_changes() =>
        // Stored sweeps are filled up by later builds: other draws would be other points.
        Texts(Random(1, 4, new LogUniformSpec { From = 0.0001, To = 0.1 })).ShouldBe(["0.00113812", "0.000117414", "0.000171166", "0.000205784"]);

    [Fact]
    public void Draws_stay_in_their_range_and_reach_both_ends_of_it()
    {
        foreach (var text in Texts(Random(3, 2000, new UniformSpec { From = 0.1234567, To = 0.1234569 })))
            double.Parse(text, CultureInfo.InvariantCulture).ShouldBeInRange(0.1234567, 0.1234569);
        Texts(Random(4, 500, new IntegerSpec { From = -2, To = 2 })).Distinct().Order().ShouldBe(["-1", "-2", "0", "1", "2"], ignoreOrder: true);
        Texts(Random(5, 200, new ChoiceSpec { Values = [Value("a"), Value(1.5), Value(new { kind = "none" })] })).Distinct().ShouldBe(["\"a\"", "1.5", "{\"kind\":\"none\"}"], ignoreOrder: true);
        Texts(Random(6, 3, new IntegerSpec { From = int.MinValue, To = int.MaxValue })).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public void The_logarithm_of_a_log_draw_is_spread_evenly()
    {
        var decades = Texts(Random(7, 3000, new LogUniformSpec { From = 0.001, To = 1 })).Select(text => Math.Floor(Math.Log10(double.Parse(text, CultureInfo.InvariantCulture)))).CountBy(d => d).ToDictionary();
        foreach (var decade in new[] { -3d, -2, -1 }) decades[decade].ShouldBeInRange(850, 1150);
    }

    [Fact]
    public void A_list_has_its_points_with_values_in_the_order_of_the_axes()
    {
        var list = new ListSpaceSpec
        {
            Axes = new Dictionary<string, ListAxisSpec> { ["x"] = new() { Paths = ["seed"] }, ["y"] = new() { Paths = ["title"] } },
            Points = [new Dictionary<string, JsonElement> { ["y"] = Value("b"), ["x"] = Value(1) }, new Dictionary<string, JsonElement> { ["x"] = Value(2), ["y"] = Value("c") }],
        };
        Texts(list).ShouldBe(["1,\"b\"", "2,\"c\""]);
    }
}
