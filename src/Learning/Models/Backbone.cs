using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// A classifier of 32x32 images with its normalisation inside. Its layers come from an <see cref="ILayerFactory"/>; its
/// state dict has the names of a public code, so that published weights fit.
/// </summary>
internal abstract class Backbone : nn.Module<Tensor, Tensor>
{
    /// <summary>Classes K.</summary>
    public const int Classes = 10;

    /// <summary>Height and width of the images.</summary>
    protected const long Side = 32;

    /// <summary>Not private: a backbone's RegisterComponents finds it here. It has nothing for the state dict.</summary>
    protected readonly Normalization? normalization;

    /// <param name="name">What it is called in messages.</param>
    /// <param name="normalize">Normalisation of the images; null feeds the pixels as they are.</param>
    protected Backbone(string name, NormalizationSpec? normalize)
        : base(name) => normalization = normalize is null ? null : new Normalization(normalize);

    /// <summary>How its convolutions start where no weights are loaded.</summary>
    public abstract ConvolutionStart ConvolutionStart { get; }

    /// <summary>What the first layer gets: images [N, 3, 32, 32] in [0,1], normalised where the spec says so.</summary>
    /// <exception cref="ArgumentException">Images of another shape.</exception>
    protected Tensor Pixels(Tensor images)
    {
        if (images.dim() != 4 || images.shape[1] != 3 || images.shape[2] != Side || images.shape[3] != Side)
            throw new ArgumentException($"expected images [N, 3, {Side}, {Side}], got [{string.Join(", ", images.shape)}]", nameof(images));
        return normalization is null ? images : normalization.call(images);
    }

    /// <summary>Blocks of one width in a chain, named 0, 1, ...; the first one changes width and stride.</summary>
    /// <param name="blocks">How many.</param>
    /// <param name="first">What the first block does.</param>
    /// <param name="block">Makes one.</param>
    protected static Sequential Stage(int blocks, BlockShape first, Func<BlockShape, nn.Module<Tensor, Tensor>> block) =>
        nn.Sequential([.. Enumerable.Range(0, blocks).Select(i => block(i == 0 ? first : first.Next))]);

    /// <summary>Mean over all places: [N, C, side, side] -> [N, C].</summary>
    protected static Tensor AveragePool(Tensor maps, long side) => nn.functional.avg_pool2d(maps, [side, side]).flatten(1);
}

/// <summary>What a block does to its input: [N, In, Side, Side] -> [N, Out, Side/Stride, Side/Stride].</summary>
internal readonly record struct BlockShape(long In, long Out, long Stride, long Side)
{
    /// <summary>True when the input cannot be added to the output as it is.</summary>
    public bool Changes => Stride != 1 || In != Out;

    /// <summary>Height of the output.</summary>
    public long OutSide => Side / Stride;

    /// <summary>A block behind this one that keeps width and size.</summary>
    public BlockShape Next => new(Out, Out, 1, OutSide);
}
