using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Reports;

/// <summary>One measured number with all that is needed to judge it.</summary>
/// <param name="Id">Result id.</param>
/// <param name="Images">n.</param>
/// <param name="Correct">Images answered rightly.</param>
/// <param name="Accuracy">Per cent.</param>
/// <param name="Lower">95 % Wilson bound, per cent.</param>
/// <param name="Upper">95 % Wilson bound, per cent.</param>
/// <param name="ExactLower">95 % Clopper-Pearson bound, per cent.</param>
/// <param name="ExactUpper">95 % Clopper-Pearson bound, per cent.</param>
/// <param name="OverDraws">95 % interval over images and draws, in [0,1], for a view whose draws differ.</param>
/// <param name="Draws">M.</param>
/// <param name="MeanDraws">Draws really asked about an image, on average; below M when images leave early.</param>
/// <param name="Aggregation">How the draws were aggregated.</param>
/// <param name="Seed">Root seed.</param>
/// <param name="Seconds">Seconds of the job that measured it.</param>
/// <param name="Job">Key of that job in the plan.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="Provenance">What computed it.</param>
public sealed record ResultRecord(
    string Id, int Images, int Correct, double Accuracy, double Lower, double Upper, double ExactLower, double ExactUpper, DrawInterval? OverDraws,
    int Draws, double MeanDraws, Aggregation Aggregation, long Seed, double Seconds, string Job, string Fingerprint, RunProvenance Provenance)
{
    /// <summary>The interval that tables show, in per cent: over images and draws where it was measured, else Wilson's over images.</summary>
    [JsonIgnore]
    public (double Lower, double Upper) Shown => OverDraws is { } both ? (100 * both.Lower, 100 * both.Upper) : (Lower, Upper);

    /// <summary>A record of counts; accuracy and the intervals over images follow from them.</summary>
    public static ResultRecord Of(
        string id, int images, int correct, DrawInterval? overDraws, int draws, double meanDraws, Aggregation aggregation,
        long seed, double seconds, string job, string fingerprint, RunProvenance provenance)
    {
        var (wilson, exact) = (WilsonInterval.Of(correct, images), ClopperPearsonInterval.Of(correct, images));
        return new(
            id, images, correct, 100.0 * correct / images, 100 * wilson.Lower, 100 * wilson.Upper, 100 * exact.Lower, 100 * exact.Upper, overDraws,
            draws, meanDraws, aggregation, seed, seconds, job, fingerprint, provenance);
    }
}
