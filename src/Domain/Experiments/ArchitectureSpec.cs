using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>The backbone of a network: images [N, 3, 32, 32] in [0,1] to logits [N, 10].</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(WideResNetSpec), "wide-resnet")]
[JsonDerivedType(typeof(CifarResNetSpec), "cifar-resnet")]
[JsonDerivedType(typeof(ResNet18Spec), "resnet-18")]
[JsonDerivedType(typeof(PreActResNet18Spec), "preact-resnet-18")]
public abstract record ArchitectureSpec
{
    [Description("Normalisation inside the model, so that inputs, noise and attacks live in [0,1]; null feeds the pixels as they are (the paper's student).")]
    public required NormalizationSpec? Normalize { get; init; }
}

/// <summary>(x - mean) / std per channel.</summary>
public sealed record NormalizationSpec
{
    [Description("Mean of the red, green and blue pixels in [0,1]; the paper's teacher has 0.491, 0.482, 0.447.")]
    public required IReadOnlyList<double> Mean { get; init; }

    [Description("Standard deviation of the red, green and blue pixels; the paper's teacher has 0.247, 0.243, 0.262.")]
    public required IReadOnlyList<double> Std { get; init; }
}

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
}

/// <summary>ResNet-20, 32, 44, 56 or 110 for CIFAR, post-activation, widths 16, 32, 64 (He et al. 2016, section 4.2).</summary>
public sealed record CifarResNetSpec : ArchitectureSpec
{
    [Description("6n+2: 20, 32, 44, 56, 110, ...")]
    [Range(8, 200)]
    public required int Depth { get; init; }

    [Description("Where the width changes: 'pad' (option A: every second pixel, zero channels; no parameters; names as in akamaster's public code) or 'projection' (option B: 1x1 convolution and batch norm; names as in SIAM's).")]
    public required ResNetShortcut Shortcut { get; init; }
}

/// <summary>How a CIFAR ResNet's shortcut changes width: options A and B of He et al. (2016).</summary>
public enum ResNetShortcut { Pad, Projection }

/// <summary>ResNet-18 for 32x32 images as robustness papers use it: 3x3 stem, widths 64 to 512, no max pooling.</summary>
public sealed record ResNet18Spec : ArchitectureSpec;

/// <summary>Pre-activation ResNet-18 for 32x32 images (He et al. 2016b) as robustness papers use it.</summary>
public sealed record PreActResNet18Spec : ArchitectureSpec;
