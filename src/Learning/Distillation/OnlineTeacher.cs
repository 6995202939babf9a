using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>
/// A teacher that is asked in every step, about just the images of the step, with fresh draws. Frozen, in evaluation mode and
/// in float32; its draws are a stream of their own. An answer depends on image, epoch and step, not on how a step is split.
/// </summary>
internal sealed class OnlineTeacher : ITeacher
{
    readonly Network _network;
    readonly NetworkView _view;
    readonly Aggregation _aggregation;
    readonly DistillationSpec _spec;
    readonly int _draws;

    /// <param name="network">The trained teacher; becomes this object's.</param>
    /// <param name="shape">How it is asked.</param>
    /// <param name="aggregation">Votes or mean probabilities.</param>
    /// <param name="spec">Draws, temperature and floor.</param>
    /// <param name="seeds">Root of the draws.</param>
    public OnlineTeacher(Network network, ViewShape shape, Aggregation aggregation, DistillationSpec spec, SeedTree seeds)
    {
        _network = network;
        _view = NetworkView.Of(network, shape, seeds, ImageNoiseLayout.Images);
        _aggregation = aggregation is Aggregation.Votes or Aggregation.MeanProbability
            ? aggregation
            : throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "these answers are no distribution over classes");
        _spec = spec;
        _draws = _view.Deterministic ? 1 : ((OnlineLabelsSpec)spec.Labels).Draws;
    }

    /// <inheritdoc/>
    public void BeginEpoch(long[]? views)
    {
    }

    /// <inheritdoc/>
    public Tensor OnClean(Tensor images, ReadOnlySpan<long> indices, ReadOnlySpan<long> labelled, int epoch, int step) => Ask(images, indices, epoch, 2L * step);

    /// <inheritdoc/>
    public Tensor OnPerturbed(Tensor images, ReadOnlySpan<long> indices, int epoch, int step) => Ask(images, indices, epoch, (2L * step) + 1);

    // [B, K] float32, summed up in float64 over the draws.
    Tensor Ask(Tensor images, ReadOnlySpan<long> indices, int epoch, long occasion)
    {
        using var withoutGraph = no_grad();
        using var frozen = _view.Freeze();
        using var scope = NewDisposeScope();
        var sum = zeros([images.shape[0], WideResNet.Classes], ScalarType.Float64, images.device);
        for (var draw = 0; draw < _draws; draw++)
        {
            using var pass = NewDisposeScope();
            var logits = _view.Logits(images, indices, new Draw(RandomStream.Teacher, epoch, (occasion * _draws) + draw));
            sum.add_(_aggregation == Aggregation.Votes
                ? nn.functional.one_hot(logits.argmax(1), logits.shape[1]).to(ScalarType.Float64)
                : logits.softmax(1).to(ScalarType.Float64));
        }
        var answers = sum.div_(_draws).to(ScalarType.Float32);
        return TemperedLabels.Of(answers, _spec.TemperFloor, _spec.Temperature).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _view.Dispose();
        _network.Dispose();
    }
}
