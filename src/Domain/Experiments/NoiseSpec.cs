using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>Noise inside a network.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoNoiseSpec), "none")]
[JsonDerivedType(typeof(WhiteNoiseSpec), "white")]
[JsonDerivedType(typeof(ColoredNoiseSpec), "colored")]
public abstract record NoiseSpec;

/// <summary>A deterministic network.</summary>
public sealed record NoNoiseSpec : NoiseSpec;

/// <summary>Noise with learned parameters in chosen layers; they form a parameter group of their own.</summary>
public abstract record LayerNoiseSpec : NoiseSpec
{
    [Description("Which layers' weights are noisy.")]
    public required NoisyLayersSpec Layers { get; init; }

    [Description("Noise on what enters ('before') or leaves ('after') the noisy convolutions, beside the noise in their weights; initial values are those of the weights' noise.")]
    public required ActivationNoise Activations { get; init; }

    [Description("Learning rate of the noise's parameters as a multiple of the weights'.")]
    [Range(0, 10)]
    public required double LearningRateFactor { get; init; }

    [Description("L2 decay of the noise's parameters. Decay here is a hidden annealing of the noise.")]
    [Range(0, 1)]
    public required double WeightDecay { get; init; }
}

/// <summary>Parametric noise injection (PNI; Rakin et al. 2019): W' = W + alpha std(W) z, z standard normal. No gradient reaches std(W).</summary>
public sealed record WhiteNoiseSpec : LayerNoiseSpec
{
    [Description("Initial alpha; 0.25 in the literature.")]
    [Range(0, 10)]
    public required double Alpha { get; init; }

    [Description("One alpha a 'weight' (Nemcovsky et al.) or one a 'layer' (Rakin et al.).")]
    public required AlphaPer Per { get; init; }
}

/// <summary>How many alphas white noise learns.</summary>
public enum AlphaPer { Weight, Layer }

/// <summary>
/// Colored noise injection (CNI): W' = W + sqrt(s g(d) + e) z + V u for convolutions, with z, u standard normal, d one
/// number a weight, V rank columns; and W' = W + alpha std(W) z in the fully connected layer (PNI).
/// </summary>
public sealed record ColoredNoiseSpec : LayerNoiseSpec
{
    [Description("What d is measured against: 'std' (s = std(W), as the public codes do) or 'variance' (s = std(W)^2, so that a diagonal of 0.0625 is a noise of a quarter of the weights' deviation).")]
    public required NoiseScale Scale { get; init; }

    [Description("g: 'absolute' |d|, as the public codes have it (infinite slope at 0, blind to the sign); 'log-variance' exp(d); 'softplus' log(1 + exp(d)).")]
    public required DiagonalForm Form { get; init; }

    [Description("Columns of V; 0 leaves white noise of the same diagonal.")]
    [Range(0, 32)]
    public required int Rank { get; init; }

    [Description("Initial value of every g(d), whatever its form.")]
    [Range(0, 10)]
    public required double Diagonal { get; init; }

    [Description("Initial size of V's entries.")]
    [Range(-10, 10)]
    public required double Factor { get; init; }

    [Description("V's initial entries: 'constant', all equal to factor, so that V begins with rank 1 (as the public codes do), or 'normal' with standard deviation factor.")]
    public required FactorStart FactorStart { get; init; }

    [Description("e under the square root; 1e-8 in the paper's public code, 0 in SIAM's.")]
    [Range(0, 1)]
    public required double Epsilon { get; init; }

    [Description("Initial alpha of the fully connected layer's noise, one a weight.")]
    [Range(0, 10)]
    public required double LinearAlpha { get; init; }

    [Description("lambda of the penalty lambda sum ||V||_F^2 over layers, whose gradient is added after gradient clipping; 0.001 in the paper's public code, 0 is none.")]
    [Range(0, 10)]
    public required double OffDiagonalPenalty { get; init; }
}

/// <summary>What the diagonal of colored noise is measured against.</summary>
public enum NoiseScale { Std, Variance }

/// <summary>How the diagonal of colored noise is parametrised.</summary>
public enum DiagonalForm { Absolute, LogVariance, Softplus }

/// <summary>The initial entries of V.</summary>
public enum FactorStart { Constant, Normal }

/// <summary>Where noise on activations is added.</summary>
public enum ActivationNoise { None, Before, After, Both }

/// <summary>Which layers' weights are noisy.</summary>
public sealed record NoisyLayersSpec
{
    [Description("The first convolution.")]
    public required bool Stem { get; init; }

    [Description("The 3x3 convolutions of the blocks.")]
    public required bool Blocks { get; init; }

    [Description("The 1x1 convolutions of shortcuts.")]
    public required bool Shortcuts { get; init; }

    [Description("The fully connected layer; its noise is always white.")]
    public required bool Linear { get; init; }
}
