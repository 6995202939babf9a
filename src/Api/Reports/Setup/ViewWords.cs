using KdRobust.Domain.Experiments;
using static KdRobust.Api.Reports.Setup.SpecWords;

namespace KdRobust.Api.Reports.Setup;

/// <summary>Views and input noise, in words.</summary>
static class ViewWords
{
    /// <summary>All but the model's name and M.</summary>
    public static string Of(ViewSpec view) => Join("; ",
        view.Checkpoint switch { ModelCheckpoint.Last => "last weights", ModelCheckpoint.Average => "moving average of the weights", _ => "best weights" },
        view.WeightNoise ? "weight noise on" : "weight noise off (mean weights)",
        view.InputNoise is null ? "no input noise" : $"input noise {Noise(view.InputNoise)}",
        $"aggregated by {Name(view.Aggregation)}",
        view.Sharing == DrawSharing.Shared ? "images share the draws of the weights" : "every image has its own draws of the weights",
        view.EarlyStop ? "an image leaves once its answer is certain" : "every draw asked");

    public static string Noise(InputNoiseSpec noise) => $"σ = {Number(noise.Sigma)} in {(noise.Unit == InputNoiseUnit.Pixel ? "pixel units" : "units of the normalised channels")}";

    /// <summary>An aggregation's name.</summary>
    public static string Name(Aggregation aggregation) => aggregation switch
    {
        Aggregation.Votes => "votes", Aggregation.MeanProbability => "mean probability", Aggregation.MeanLogit => "mean logit",
        Aggregation.MeanLogProbability => "mean log-probability", Aggregation.RankVote => "rank vote",
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no words for this aggregation"),
    };
}
