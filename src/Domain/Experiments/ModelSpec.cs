using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>A network: what it is built of, what noise its weights carry, and where its weights come from.</summary>
public sealed record ModelSpec
{
    [Description("The backbone.")]
    public required ArchitectureSpec Architecture { get; init; }

    [Description("Noise in the weights, drawn anew at every forward pass, in training and in evaluation.")]
    public required NoiseSpec Noise { get; init; }

    [Description("Where the weights come from.")]
    public required WeightsSpec Weights { get; init; }
}

/// <summary>The backbone of a network.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(WideResNetSpec), "wide-resnet")]
public abstract record ArchitectureSpec;

/// <summary>WRN-depth-width, pre-activation (Zagoruyko and Komodakis 2016; names as in TRADES' public code).</summary>
public sealed record WideResNetSpec : ArchitectureSpec
{
    [Description("6n+4: 10, 16, 22, 28, 34, ...")]
    [Range(10, 100)]
    public required int Depth { get; init; }

    [Description("Widen factor; the paper's networks have 4.")]
    [Range(1, 32)]
    public required int Width { get; init; }

    [Description("Dropout between the two convolutions of a block; 0 is none.")]
    [Range(0, 0.9)]
    public required double Dropout { get; init; }

    [Description("Normalise inside the model by mean (0.491, 0.482, 0.447) and standard deviation (0.247, 0.243, 0.262); inputs always lie in [0,1].")]
    public required bool Normalize { get; init; }
}

/// <summary>Noise in the weights.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoNoiseSpec), "none")]
[JsonDerivedType(typeof(ColoredNoiseSpec), "colored")]
public abstract record NoiseSpec;

/// <summary>A deterministic network.</summary>
public sealed record NoNoiseSpec : NoiseSpec;

/// <summary>
/// Colored noise injection (CNI): W' = W + sqrt(s |d| + e) z + V u for every convolution, with z, u standard normal,
/// d one number a weight, V rank columns; and W' = W + alpha std(W) z in the fully connected layer (PNI).
/// </summary>
public sealed record ColoredNoiseSpec : NoiseSpec
{
    [Description("What d is measured against: 'std' (s = std(W), as the public code does) or 'variance' (s = std(W)^2, so that d = 0.0625 is a noise of a quarter of the weights' deviation).")]
    public required NoiseScale Scale { get; init; }

    [Description("Columns of V; 0 leaves white noise of the same diagonal.")]
    [Range(0, 32)]
    public required int Rank { get; init; }

    [Description("Initial value of every d.")]
    [Range(0, 10)]
    public required double Diagonal { get; init; }

    [Description("Initial value of every entry of V.")]
    [Range(-10, 10)]
    public required double Factor { get; init; }

    [Description("e under the square root; 1e-8 in the paper's public code.")]
    [Range(0, 1)]
    public required double Epsilon { get; init; }

    [Description("Initial alpha of the fully connected layer's noise, one a weight.")]
    [Range(0, 10)]
    public required double LinearAlpha { get; init; }

    [Description("Learning rate of d, V and alpha as a multiple of the weights'. They form a parameter group of their own.")]
    [Range(0, 10)]
    public required double LearningRateFactor { get; init; }

    [Description("L2 decay of d, V and alpha. Decay here is a hidden annealing of the noise.")]
    [Range(0, 1)]
    public required double WeightDecay { get; init; }
}

/// <summary>What the diagonal of colored noise is measured against.</summary>
public enum NoiseScale { Std, Variance }

/// <summary>Where weights come from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TrainingSpec), "train")]
public abstract record WeightsSpec;
