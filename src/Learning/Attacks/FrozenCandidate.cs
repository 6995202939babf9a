using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// The iterate that the paper's public code returns: the first that errs under its crafting draw, where the image stops; of
/// an image that never errs, the one with the smallest probability of its class. One lucky draw is enough to stop, which is
/// why the images are judged again under draws of their own.
/// </summary>
internal sealed class FrozenCandidate(Tensor labels) : IDisposable
{
    // Below every probability: an image that has erred keeps its iterate.
    const double Erred = -1;

    Tensor? _images; // [N, 3, H, W]
    Tensor? _probabilities; // [N]
    Tensor? _moving; // [N]

    /// <summary>The kept images [N, 3, H, W].</summary>
    /// <exception cref="InvalidOperationException">Nothing was offered.</exception>
    public Tensor Images => (_images ?? throw new InvalidOperationException("no iterate was offered")).clone();

    /// <summary>The next iterate [N, 3, H, W]: images that have erred stay where they are.</summary>
    /// <param name="next">Where the step leads.</param>
    /// <param name="now">Where the images are.</param>
    public Tensor Move(Tensor next, Tensor now)
    {
        using var moving = _moving!.view(-1, 1, 1, 1);
        return next.where(moving, now);
    }

    /// <summary>Looks at the next iterate.</summary>
    /// <param name="images">[N, 3, H, W]</param>
    /// <param name="logits">[N, K] under its crafting draw.</param>
    public void Offer(Tensor images, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var erred = logits.argmax(1).ne(labels); // [N]
        var probabilities = logits.softmax(1).gather(1, labels.unsqueeze(1)).flatten().masked_fill_(erred, Erred); // [N]
        if (_images is null || _probabilities is null || _moving is null)
        {
            _images = images.clone().DetachFromDisposeScope();
            _probabilities = probabilities.DetachFromDisposeScope();
            _moving = erred.logical_not().DetachFromDisposeScope();
            return;
        }
        var lower = probabilities.lt(_probabilities); // [N]
        _images.copy_(images.where(lower.view(-1, 1, 1, 1), _images));
        _probabilities.copy_(probabilities.where(lower, _probabilities));
        _moving.copy_(_probabilities.ge(0));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _images?.Dispose();
        _probabilities?.Dispose();
        _moving?.Dispose();
    }
}
