using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// The gradient and the answer an attack works with: of one draw of the view, or in expectation over n (Athalye et al. 2018).
/// Either the mean of the draws' losses is differentiated (EPGD), or the loss of their mean probability or mean logit. One
/// draw's graph lives at a time, so memory does not grow with n.
/// </summary>
/// <remarks>
/// The answer is the mean of what is averaged, and the mean probability for the mean of losses. It is written as logits: the
/// mean logit, or the logarithm of the mean probability, which is what a softmax gives back. All losses ignore a shift of an
/// image's logits, so that for one draw every mode is that draw's own gradient.
/// </remarks>
/// <param name="view">Who is attacked; frozen by the caller.</param>
/// <param name="spec">How many draws and what is averaged; null for one draw.</param>
internal sealed class Expectation(IClassifier view, ExpectationSpec? spec)
{
    // Draws that all answer the same are asked once.
    readonly int _draws = view.Deterministic ? 1 : spec?.Draws ?? 1;

    /// <summary>The gradient of the summed objective with respect to the images, and the answer it was taken at.</summary>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="draws">The j-th of the n draws.</param>
    /// <param name="objective">Per-image loss; images do not mix in it.</param>
    /// <returns>Gradient [N, 3, H, W] and answer [N, K], both without a graph.</returns>
    public (Tensor Gradient, Tensor Answer) Gradient(Tensor images, ReadOnlySpan<long> indices, Func<int, Draw> draws, Objective objective)
    {
        if (_draws == 1) return view.InputGradient(images, indices, draws(0), objective);
        using var withoutGraph = no_grad();
        return spec!.Of == ExpectationOf.MeanLoss ? OfMeanLoss(images, indices, draws, objective) : OfLossOfMean(images, indices, draws, objective);
    }

    /// <summary>The answer alone, [N, K], without a graph.</summary>
    /// <inheritdoc cref="Gradient"/>
    public Tensor Answer(Tensor images, ReadOnlySpan<long> indices, Func<int, Draw> draws)
    {
        using var withoutGraph = no_grad();
        if (_draws == 1) return view.Logits(images, indices, draws(0));
        using var mean = new MeanAnswer(spec!.Of);
        for (var j = 0; j < _draws; j++)
        {
            using var one = NewDisposeScope();
            mean.Add(view.Logits(images, indices, draws(j)));
        }
        return mean.Logits(_draws);
    }

    (Tensor Gradient, Tensor Answer) OfMeanLoss(Tensor images, ReadOnlySpan<long> indices, Func<int, Draw> draws, Objective objective)
    {
        using var mean = new MeanAnswer(ExpectationOf.MeanLoss);
        var sum = zeros_like(images);
        for (var j = 0; j < _draws; j++)
        {
            using var one = NewDisposeScope();
            var (gradient, logits) = view.InputGradient(images, indices, draws(j), objective);
            sum.add_(gradient);
            mean.Add(logits);
        }
        return (sum.div_(_draws), mean.Logits(_draws));
    }

    // Chain rule in two passes: the first finds the mean a and u = d loss / d a, the second lets every draw contribute
    // sum_c u_c (d a_c / d z_j) without the others' graphs.
    (Tensor Gradient, Tensor Answer) OfLossOfMean(Tensor images, ReadOnlySpan<long> indices, Func<int, Draw> draws, Objective objective)
    {
        var answer = Answer(images, indices, draws); // [N, K]
        using var scope = NewDisposeScope();
        var upstream = Upstream(answer, objective).div_(_draws); // [N, K]
        Tensor Share(Tensor logits) => spec!.Of == ExpectationOf.MeanLogit
            ? (logits * upstream).sum(1)
            : ((logits.log_softmax(1) - answer).exp() * upstream).sum(1); // a = log mean p, so d a / d log p_j = p_j / exp(a) / n
        var sum = zeros_like(images);
        for (var j = 0; j < _draws; j++)
        {
            using var one = NewDisposeScope();
            sum.add_(view.InputGradient(images, indices, draws(j), Share).Gradient);
        }
        return (sum.MoveToOuterDisposeScope(), answer);
    }

    static Tensor Upstream(Tensor answer, Objective objective)
    {
        using var scope = NewDisposeScope();
        using var withGraph = enable_grad();
        var leaf = answer.detach().requires_grad_();
        return autograd.grad([objective(leaf).sum()], [leaf])[0].MoveToOuterDisposeScope();
    }

    /// <summary>A running mean in float64; probabilities as logarithms, of which none is lost to underflow.</summary>
    sealed class MeanAnswer(ExpectationOf of) : IDisposable
    {
        Tensor? _total; // [N, K]: the sum of logits, or the logarithm of the sum of probabilities

        public void Add(Tensor logits)
        {
            using var scope = NewDisposeScope();
            var wide = logits.to(ScalarType.Float64);
            if (of != ExpectationOf.MeanLogit) wide = wide.log_softmax(1);
            var total = _total is null ? wide : of == ExpectationOf.MeanLogit ? _total + wide : LogOfSum(_total, wide);
            _total?.Dispose();
            _total = total.DetachFromDisposeScope();
        }

        public Tensor Logits(int draws)
        {
            using var scope = NewDisposeScope();
            var total = _total ?? throw new InvalidOperationException("no draw was added");
            var mean = of == ExpectationOf.MeanLogit ? total / draws : total - Math.Log(draws);
            return mean.to(ScalarType.Float32).MoveToOuterDisposeScope();
        }

        static Tensor LogOfSum(Tensor a, Tensor b) => a.maximum(b) + (a - b).abs().neg().exp().log1p();

        public void Dispose() => _total?.Dispose();
    }
}
