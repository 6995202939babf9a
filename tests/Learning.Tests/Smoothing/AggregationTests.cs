using KdRobust.Domain.Experiments;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

public sealed class AggregationTests
{
    const int Draws = 7, Count = 24, Classes = 10;

    public static TheoryData<Aggregation> All() => [.. Enum.GetValues<Aggregation>()];

    // Every second image has logits of three values only, so that classes are level within draws and over them.
    static float[][][] Table()
    {
        var random = new HostRandom(5);
        float Logit(int image) => image % 2 == 0 ? random.Below(3) : random.Below(1 << 20) / (float)(1 << 17);
        return [.. Enumerable.Range(0, Draws).Select(_ => Enumerable.Range(0, Count).Select(image => Enumerable.Range(0, Classes).Select(_ => Logit(image)).ToArray()).ToArray())];
    }

    // What one draw adds, as its definition says it, one image at a time.
    static double[] Terms(Aggregation aggregation, float[] logits)
    {
        var sum = logits.Sum(z => Math.Exp(z));
        var ranked = Enumerable.Range(0, Classes).OrderByDescending(c => logits[c]).ThenBy(c => c).ToArray();
        return aggregation switch
        {
            Aggregation.Votes => [.. Enumerable.Range(0, Classes).Select(c => c == ranked[0] ? 1.0 : 0)],
            Aggregation.MeanProbability => [.. logits.Select(z => Math.Exp(z) / sum / Draws)],
            Aggregation.MeanLogit => [.. logits.Select(z => (double)z / Draws)],
            Aggregation.MeanLogProbability => [.. logits.Select(z => (z - Math.Log(sum)) / Draws)],
            _ => [.. Enumerable.Range(0, Classes).Select(c => Math.Pow(2, -Array.IndexOf(ranked, c)))],
        };
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void Scores_are_what_the_definition_says_draw_by_draw_and_all_at_once(Aggregation aggregation)
    {
        using var scope = NewDisposeScope();
        var table = Table();
        var expected = new double[Count * Classes];
        foreach (var draw in table)
            for (var image = 0; image < Count; image++)
            {
                var terms = Terms(aggregation, draw[image]);
                for (var c = 0; c < Classes; c++) expected[(image * Classes) + c] += terms[c];
            }
        var logits = tensor([.. table.SelectMany(draw => draw.SelectMany(row => row))], [Draws, Count, Classes]);
        using var counts = SmoothedCounts.Of(new ScriptedView((draw, image) => table[draw][image]), zeros([Count, 3, 32, 32]), Indices(Count), RandomStream.Report, Draws, 5);

        var (gathered, formula) = (counts.Scores(aggregation), Aggregations.Scores(aggregation, logits));

        // Softmax and its logarithm are float32.
        var tolerance = aggregation is Aggregation.MeanProbability or Aggregation.MeanLogProbability ? 2e-6 : 1e-12;
        LargestDifference(formula, tensor(expected, [Count, Classes])).ShouldBeLessThan(tolerance);
        LargestDifference(gathered, formula).ShouldBeLessThan(TestDevice.Tolerance(1e-12));
        Integers(counts.Predict(aggregation)).ShouldBe(Integers(Aggregations.Predict(formula)));
    }

    [DeviceFact]
    public void Each_aggregation_may_have_an_answer_of_its_own()
    {
        using var scope = NewDisposeScope();
        float[] Row(params (int Class, float Logit)[] high) => [.. Enumerable.Range(0, Classes).Select(c => high.FirstOrDefault(h => h.Class == c).Logit)];
        // Class 1 is best twice by little, 0 once by much and third twice; 2 is always second.
        float[][] rows = [Row((1, 2.2f), (2, 2), (0, 0.2f)), Row((1, 2.2f), (2, 2), (0, 0.2f)), Row((0, 9), (2, 7.5f), (1, -9))];
        using var counts = SmoothedCounts.Of(new ScriptedView((draw, _) => rows[draw]), zeros([1, 3, 32, 32]), Indices(1), RandomStream.Report, 3, 1);
        long Answer(Aggregation aggregation) => counts.Predict(aggregation).item<long>();
        Answer(Aggregation.Votes).ShouldBe(1);
        // 1 + 1 + 2^-9 for class 1, 3 / 2 for class 2, 1/4 + 1/4 + 1 for class 0.
        counts.Scores(Aggregation.RankVote).select(0, 0).narrow(0, 0, 3).cpu().data<double>().ToArray().ShouldBe([1.5, 2 + Math.ScaleB(1, -9), 1.5]);
        Answer(Aggregation.MeanProbability).ShouldBe(0);
        Answer(Aggregation.MeanLogit).ShouldBe(2); // 2 + 2 + 7.5 beats 0.2 + 0.2 + 9
        Answer(Aggregation.MeanLogProbability).ShouldBe(2);
        var count = counts.Count(zeros([1], ScalarType.Int64));
        count.Aggregations.Select(a => a.Aggregation).ShouldBe(Enum.GetValues<Aggregation>());
        count.Aggregations.Select(a => a.Right.Contains(0)).ShouldBe([false, true, false, false, false]);
    }
}
