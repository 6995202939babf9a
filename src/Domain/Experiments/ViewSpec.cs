using System.ComponentModel;

namespace KdRobust.Domain.Experiments;

/// <summary>A way to ask a model: its weights, noise on the input, how draws are aggregated, and how many.</summary>
public sealed record ViewSpec
{
    [Description("Name of the model.")]
    public required string Model { get; init; }

    [Description("Which weights of its training: the 'last', their moving 'average' (needs weights.average), or the 'best' of weights.selection.")]
    public required ModelCheckpoint Checkpoint { get; init; }

    [Description("False asks the mean weights: the noise inside the network is off.")]
    public required bool WeightNoise { get; init; }

    [Description("Gaussian noise on the input, not clamped.")]
    public required InputNoiseSpec? InputNoise { get; init; }

    [Description("How draws become one answer. Ties go to the lowest class.")]
    public required Aggregation Aggregation { get; init; }

    [Description("Draws M. 1 for a deterministic view.")]
    [Range(1, 1_000_000)]
    public required int Draws { get; init; }

    [Description("One draw of the weights for all images ('shared'; their errors are then correlated), or one for every image ('image'; as many samples of the weights as images).")]
    public required DrawSharing Sharing { get; init; }

    [Description("An image leaves once no remaining draw can change its answer: the same answers with fewer draws. For votes, mean-probability and rank-vote.")]
    public required bool EarlyStop { get; init; }
}

/// <summary>Gaussian noise on images, drawn per image.</summary>
public sealed record InputNoiseSpec
{
    [Description("Standard deviation.")]
    [Range(0, 10, ExclusiveMinimum = true)]
    public required double Sigma { get; init; }

    [Description("'pixel' units of [0,1], before normalisation, or 'normalized': units of the normalised channels.")]
    public required InputNoiseUnit Unit { get; init; }
}

/// <summary>Units of input noise.</summary>
public enum InputNoiseUnit { Pixel, Normalized }

/// <summary>Which weights of a training.</summary>
public enum ModelCheckpoint { Last, Average, Best }

/// <summary>Whether images share the draws of the weights.</summary>
public enum DrawSharing { Shared, Image }

/// <summary>
/// How M draws become one answer: the share of draws whose arg max is c (prediction smoothing); the mean softmax (soft
/// prediction smoothing); the mean logit (what the public codes call so); the mean log softmax (geometric mean); or 2^-rank
/// of each class, summed (SIAM's "mclogits").
/// </summary>
public enum Aggregation { Votes, MeanProbability, MeanLogit, MeanLogProbability, RankVote }
