using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// Projected gradient descent in the L-infinity ball (Madry et al. 2018): K times x = project(x + step sign(gradient)), each
/// gradient under one draw of the network's noise. Differentiates with respect to the images only and sees the network in
/// evaluation mode; the mode before is restored.
/// </summary>
internal sealed class Pgd : IDisposable
{
    readonly PgdSpec _spec;
    readonly ImageNoise _starts;

    /// <summary>An attack that may be run many times.</summary>
    /// <param name="attack">Size, steps, start, loss and choice of iterate.</param>
    /// <param name="seeds">Root of the random starts.</param>
    /// <param name="layout">How starts are cut into seeds.</param>
    /// <exception cref="ArgumentException">A field makes no attack.</exception>
    public Pgd(AttackSpec attack, SeedTree seeds, ImageNoiseLayout layout = ImageNoiseLayout.Blocks)
    {
        var spec = (PgdSpec)attack;
        if (spec.Epsilon.Value is not (>= 0 and <= 1)) throw new ArgumentException($"attack.epsilon is {spec.Epsilon}, expected 0 to 1 in pixel units", nameof(attack));
        if (spec.StepSize.Value is not (>= 0 and <= 1)) throw new ArgumentException($"attack.stepSize is {spec.StepSize}, expected 0 to 1 in pixel units", nameof(attack));
        if (spec.Steps < 1) throw new ArgumentException($"attack.steps is {spec.Steps}, expected 1 or more", nameof(attack));
        if (spec.Restarts < 1) throw new ArgumentException($"attack.restarts is {spec.Restarts}, expected 1 or more", nameof(attack));
        if (spec is { Loss: AttackLoss.Kl, RandomStart: false })
            throw new ArgumentException("attack.loss kl needs attack.randomStart: the divergence from the clean prediction has no gradient at the clean image", nameof(attack));
        (_spec, _starts) = (spec, new ImageNoise(seeds, layout));
    }

    /// <summary>Attacks and keeps the curves over k; costs one forward pass more than <see cref="Perturb"/>.</summary>
    /// <param name="view">The attacked view; single draws of it are used.</param>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="labels">[N] int64.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="moment">When; fixes the draws.</param>
    public AttackOutcome Run(IClassifier view, Tensor images, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment)
    {
        using var scope = NewDisposeScope();
        using var ball = new LInfBall(images, _spec.Epsilon.Value);
        var answers = ones([2, _spec.Steps + 1, images.shape[0]], ScalarType.Float32, images.device); // survived, right: [2, K+1, N]
        var perturbed = Search(view, ball, labels, indices, moment, answers);
        var counts = answers.sum(2).to(ScalarType.Int64).cpu().data<long>().ToArray(); // [2, K+1]
        var curve = new AttackCurve(
            indices.Length,
            [.. counts.Take(_spec.Steps + 1).Select(count => (int)count)],
            [.. counts.Skip(_spec.Steps + 1).Select(count => (int)count)],
            ball.LargestDistance(perturbed));
        return new AttackOutcome(perturbed.MoveToOuterDisposeScope(), curve);
    }

    /// <summary>Attacks and returns the perturbed images alone, [N, 3, H, W]: for training.</summary>
    /// <inheritdoc cref="Run"/>
    public Tensor Perturb(IClassifier view, Tensor images, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment)
    {
        using var scope = NewDisposeScope();
        using var ball = new LInfBall(images, _spec.Epsilon.Value);
        var perturbed = Search(view, ball, labels, indices, moment, null);
        return perturbed.MoveToOuterDisposeScope();
    }

    Tensor Search(IClassifier view, LInfBall ball, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment, Tensor? answers)
    {
        using var withoutGraph = no_grad();
        using var frozen = view.Freeze();
        var draws = new AttackDraws(_spec, moment);
        using var worst = _spec.Keep == KeepIterate.Best || _spec.Restarts > 1 ? new WorstCandidate(view, labels, draws) : null;
        using var scope = NewDisposeScope();
        var last = ball.Start(null);
        var gradients = zeros([], ScalarType.Float32, labels.device); // a sum, only to be finite
        for (var restart = 0; restart < _spec.Restarts; restart++)
            last = Descend(new Descent(view, ball, labels, draws, restart, worst, gradients), indices, answers);
        if (!float.IsFinite(gradients.item<float>()))
            throw new ArithmeticException("the input gradient is not finite: the network's weights have diverged, or their noise is too strong");
        return (worst?.Images ?? last).MoveToOuterDisposeScope();
    }

    sealed record Descent(IClassifier View, LInfBall Ball, Tensor Labels, AttackDraws Draws, int Restart, WorstCandidate? Worst, Tensor Gradients);

    // One restart, from its start to its last iterate.
    Tensor Descend(Descent descent, ReadOnlySpan<long> indices, Tensor? answers)
    {
        using var scope = NewDisposeScope();
        var (view, ball, labels, draws, restart, worst, gradients) = descent;
        var clean = ball.Start(null);
        var x = _spec.RandomStart ? ball.Start(_starts.Uniform(clean, indices, draws.Start(restart))) : clean;
        var reference = _spec.Loss == AttackLoss.Kl ? view.Logits(clean, indices, draws.Clean(restart)) : null;
        Tensor Loss(Tensor logits) => AttackObjective.Of(_spec.Loss, logits, labels, reference);
        var survived = answers is null ? null : ones([labels.shape[0]], ScalarType.Float32, labels.device);

        for (var k = 0; k <= _spec.Steps; k++)
        {
            using var step = NewDisposeScope();
            var (gradient, logits) = k < _spec.Steps
                ? view.InputGradient(x, indices, draws.Craft(restart, k), Loss)
                : (null, answers is not null || worst is not null && view.Deterministic ? view.Logits(x, indices, draws.Craft(restart, k)) : null);
            if (answers is not null)
            {
                var right = logits!.argmax(1).eq(labels).to(ScalarType.Float32); // [N]
                survived!.mul_(right);
                answers.select(0, 0).select(0, k).mul_(survived);
                answers.select(0, 1).select(0, k).mul_(right);
            }
            if (worst is not null && (_spec.Keep == KeepIterate.Best || k == _spec.Steps)) worst.Offer(x, indices, logits);
            if (gradient is null) break;
            gradients.add_(gradient.sum());
            var next = ball.Project_(gradient.sign_().mul_(_spec.StepSize.Value).add_(x));
            if (!ReferenceEquals(x, clean)) x.Dispose();
            x = next.MoveToOuterDisposeScope();
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _starts.Dispose();
}
