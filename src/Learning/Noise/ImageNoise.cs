using KdRobust.Domain.Jobs;
using KdRobust.Learning.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>How the noise of images is cut into seeds.</summary>
internal enum ImageNoiseLayout
{
    /// <summary>Fixed runs of 256 image indices share one seed: for sets in record order, whose shards are whole blocks.</summary>
    Blocks,

    /// <summary>Every image index has its own: for training, where batches are mixed anew every epoch.</summary>
    Images,
}

/// <summary>
/// Noise of the size of images that depends on (root, stream, epoch, image, draw) and on nothing else: neither on the
/// batch an image comes in nor on the shard.
/// </summary>
internal sealed class ImageNoise(SeedTree seeds, ImageNoiseLayout layout) : IDisposable
{
    /// <summary>Image indices of one block.</summary>
    public const int BlockImages = ImageRange.Block;

    Generator? _generator;
    Tensor? _block;
    (Distribution Distribution, long Seed, DeviceType Device, int Index)? _blockOf;

    enum Distribution { Normal, Uniform }

    /// <summary>Standard normal noise.</summary>
    /// <param name="images">[N, C, H, W]; gives shape, type and device.</param>
    /// <param name="indices">Image index of each row.</param>
    /// <param name="draw">Which draw.</param>
    /// <returns>[N, C, H, W]</returns>
    public Tensor Normal(Tensor images, ReadOnlySpan<long> indices, Draw draw) => Fill(Distribution.Normal, images, indices, draw);

    /// <summary>Noise uniform in [-1, 1].</summary>
    /// <inheritdoc cref="Normal"/>
    public Tensor Uniform(Tensor images, ReadOnlySpan<long> indices, Draw draw) => Fill(Distribution.Uniform, images, indices, draw);

    Tensor Fill(Distribution distribution, Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (images.shape[0] != indices.Length)
            throw new ArgumentException($"{images.shape[0]} images came with {indices.Length} indices", nameof(indices));
        using var withoutGraph = no_grad();
        var noise = empty(images.shape, images.dtype, images.device);
        using var scope = NewDisposeScope();
        for (var row = 0; row < indices.Length;)
        {
            var count = layout == ImageNoiseLayout.Images ? 1 : RunInBlock(indices[row..]);
            using var rows = noise.narrow(0, row, count);
            if (layout == ImageNoiseLayout.Images)
            {
                Draw(distribution, rows, seeds.Seed($"image-{distribution}", draw.Stream, draw.Epoch, indices[row], draw.Index));
            }
            else
            {
                var (block, offset) = Math.DivRem(indices[row], BlockImages);
                var seed = seeds.Seed($"block-{distribution}", draw.Stream, draw.Epoch, block, draw.Index);
                using var part = Block(distribution, images, seed).narrow(0, offset, count);
                rows.copy_(part);
            }
            row += count;
        }
        return noise;
    }

    // Consecutive indices at the start that lie in one block.
    static int RunInBlock(ReadOnlySpan<long> indices)
    {
        var count = 1;
        while (count < indices.Length && indices[count] == indices[0] + count && indices[count] / BlockImages == indices[0] / BlockImages) count++;
        return count;
    }

    // Always whole blocks, because a generator may fill another size with other numbers; the last one is kept for the next batch.
    Tensor Block(Distribution distribution, Tensor images, long seed)
    {
        var wanted = (distribution, seed, images.device.type, images.device.index);
        if (_block is not null && _blockOf.Equals(wanted) && _block.dtype == images.dtype && _block.shape[1..].SequenceEqual(images.shape[1..])) return _block;
        _block?.Dispose();
        _block = empty([BlockImages, .. images.shape[1..]], images.dtype, images.device).DetachFromDisposeScope();
        _blockOf = wanted;
        Draw(distribution, _block, seed);
        return _block;
    }

    void Draw(Distribution distribution, Tensor target, long seed)
    {
        _generator ??= new Generator(0, target.device);
        _generator.manual_seed(seed);
        if (distribution == Distribution.Normal) target.normal_(0, 1, _generator);
        else target.uniform_(-1, 1, _generator);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _block?.Dispose();
        _generator?.Dispose();
        (_block, _blockOf, _generator) = (null, null, null);
    }
}
