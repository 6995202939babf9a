using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>Sees the iterates of an attack while it is crafted.</summary>
/// <param name="k">0..K.</param>
/// <param name="images">[N, 3, H, W]; the attack's, valid during the call.</param>
internal delegate void IterateSeen(int k, Tensor images);

/// <summary>
/// Projected gradient descent in a ball (Madry et al. 2018): K times x = project(x + step d), d the steepest direction of
/// the ball's norm along the gradient, each gradient under its own draws of the network's noise. FGSM (Goodfellow et al.
/// 2015) is its one step of the whole radius. Differentiates with respect to the images only and sees the network in
/// evaluation mode; the mode before is restored.
/// </summary>
internal sealed class Pgd : IDisposable
{
    readonly PgdSpec _spec;
    readonly SeedTree _seeds;
    readonly ImageNoise _starts;

    /// <summary>An attack that may be run many times.</summary>
    /// <param name="attack">Size, steps, start, loss and choice of iterate.</param>
    /// <param name="seeds">Root of the random starts and random target classes.</param>
    /// <param name="layout">How starts are cut into seeds.</param>
    /// <exception cref="ArgumentException">A field makes no attack.</exception>
    public Pgd(AttackSpec attack, SeedTree seeds, ImageNoiseLayout layout = ImageNoiseLayout.Blocks)
    {
        _spec = PgdFields.Of(attack);
        (_seeds, _starts) = (seeds, new ImageNoise(seeds, layout));
    }

    /// <summary>K; iterates are numbered 0..K.</summary>
    public int Steps => _spec.Steps;

    /// <summary>Attacks and keeps the curves over k; costs one forward pass more than <see cref="Perturb"/>.</summary>
    /// <param name="view">The attacked view; single draws of it are used.</param>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="labels">[N] int64.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="moment">When; fixes the draws.</param>
    /// <param name="teacher">The teacher's answers h [N, K] about the images, rows that sum to 1; only for the distillation loss.</param>
    /// <param name="seen">Is shown the iterates of the first restart, in order; null for none.</param>
    public AttackOutcome Run(
        IClassifier view, Tensor images, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment, Tensor? teacher = null, IterateSeen? seen = null)
    {
        using var scope = NewDisposeScope();
        using var ball = AttackBall.Of(_spec.Norm, images, _spec.Epsilon.Value);
        var answers = ones([2, _spec.Steps + 1, images.shape[0]], ScalarType.Float32, images.device); // survived, right: [2, K+1, N]
        var perturbed = Search(view, ball, labels, indices, moment, teacher, answers, seen);
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
    public Tensor Perturb(IClassifier view, Tensor images, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment, Tensor? teacher = null)
    {
        using var scope = NewDisposeScope();
        using var ball = AttackBall.Of(_spec.Norm, images, _spec.Epsilon.Value);
        return Search(view, ball, labels, indices, moment, teacher, null, null).MoveToOuterDisposeScope();
    }

    Tensor Search(
        IClassifier view, AttackBall ball, Tensor labels, ReadOnlySpan<long> indices, AttackMoment moment, Tensor? teacher, Tensor? answers, IterateSeen? seen)
    {
        using var withoutGraph = no_grad();
        using var unchanged = view.Freeze();
        var draws = new AttackDraws(_spec, moment);
        using var worst = _spec.Keep == KeepIterate.Best || _spec.Restarts > 1 ? new WorstCandidate(view, labels, draws, _spec.SelectingDraws) : null;
        using var frozen = _spec.Keep == KeepIterate.Frozen ? new FrozenCandidate(labels) : null;
        using var scope = NewDisposeScope();
        var last = ball.Clean;
        var gradients = zeros([], ScalarType.Float32, labels.device); // a sum, only to be finite
        for (var restart = 0; restart < _spec.Restarts; restart++)
        {
            var descent = new Descent(view, ball, labels, draws, restart, worst, frozen, gradients, restart == 0 ? seen : null);
            last = Descend(descent, indices, moment.Epoch, teacher, answers);
        }
        if (!float.IsFinite(gradients.item<float>()))
            throw new ArithmeticException("the input gradient is not finite: the network's weights have diverged, or their noise is too strong");
        return (worst?.Images ?? frozen?.Images ?? last).MoveToOuterDisposeScope();
    }

    sealed record Descent(
        IClassifier View, AttackBall Ball, Tensor Labels, AttackDraws Draws, int Restart, WorstCandidate? Worst, FrozenCandidate? Frozen, Tensor Gradients, IterateSeen? Seen);

    // One restart, from its start to its last iterate.
    Tensor Descend(Descent descent, ReadOnlySpan<long> indices, int epoch, Tensor? teacher, Tensor? answers)
    {
        using var scope = NewDisposeScope();
        var (view, ball, labels, draws, restart, worst, frozen, gradients, seen) = descent;
        var expectation = new Expectation(view, _spec.Expectation);
        var x = _spec.RandomStart ? ball.RandomStart(_starts, indices, draws.Start(restart)) : ball.Clean;
        var clean = _spec.Loss == AttackLoss.Kl || _spec.Target == AttackTarget.LeastLikely ? view.Logits(ball.Clean, indices, draws.Clean(restart)) : null;
        var target = AttackTargets.Of(_spec.Target, labels, indices, _seeds, epoch, clean);
        Tensor Loss(Tensor logits) => AttackObjective.Of(_spec.Loss, logits, labels, clean, target, teacher);
        var survived = answers is null ? null : ones([labels.shape[0]], ScalarType.Float32, labels.device);
        var sum = _spec.Gradient == StepGradient.Accumulated ? zeros_like(x) : null;
        var answersLast = answers is not null || frozen is not null || (worst is not null && view.Deterministic);

        for (var k = 0; k <= _spec.Steps; k++)
        {
            using var step = NewDisposeScope();
            var now = k;
            var (gradient, logits) = k < _spec.Steps
                ? expectation.Gradient(x, indices, j => draws.Craft(restart, now, j), Loss)
                : (null, answersLast ? expectation.Answer(x, indices, j => draws.Craft(restart, now, j)) : null);
            if (answers is not null) Record(answers, survived!, k, logits!, labels);
            seen?.Invoke(k, x);
            frozen?.Offer(x, logits!);
            if (worst is not null && (_spec.Keep == KeepIterate.Best || k == _spec.Steps)) worst.Offer(x, indices, logits);
            if (gradient is null) break;
            gradients.add_(gradient.sum());
            var direction = ball.Direction(sum is null ? gradient : sum.add_(gradient));
            var next = ball.Project(direction.mul_(_spec.StepSize.Value).add_(x));
            if (frozen is not null) next = frozen.Move(next, x);
            if (!ReferenceEquals(x, ball.Clean)) x.Dispose();
            x = next.MoveToOuterDisposeScope();
        }
        return x.MoveToOuterDisposeScope();
    }

    // Survivors and right answers of iterate k; those of several restarts multiply, so that an image counts with its worst.
    static void Record(Tensor answers, Tensor survived, int k, Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var right = logits.argmax(1).eq(labels).to(ScalarType.Float32); // [N]
        survived.mul_(right);
        answers.select(0, 0).select(0, k).mul_(survived);
        answers.select(0, 1).select(0, k).mul_(right);
    }

    /// <inheritdoc/>
    public void Dispose() => _starts.Dispose();
}
