using KdRobust.Learning.Distillation;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// The training passes of a step: one forward and one backward pass a bracket of the loss, whose gradients add up in the
/// parameters. A micro-batch counts with its share of the batch, under the draw of the step, so that the micro-batches of a
/// step add up to the gradient of one pass.
/// </summary>
/// <param name="view">The network in training.</param>
/// <param name="source">Its noise.</param>
/// <param name="sums">What the epoch adds up.</param>
internal sealed class StepPasses(NetworkView view, NoiseSource source, EpochSums sums)
{
    /// <summary>Adds the gradients of these images.</summary>
    public void Add(StepImages images, TrainingLoss loss, int epoch, int step)
    {
        using var scope = NewDisposeScope();
        source.Part = images.IsWhole ? null : (images.First, images.Batch);
        try
        {
            var means = new Dictionary<EpochSum, Tensor>();
            Tensor? total = null;
            // One backward pass a bracket: the first graph is gone before the second is built.
            if (loss.NeedsClean)
            {
                var logits = view.Logits(images.Clean, images.Indices, TrainingDraw(epoch, step, 0));
                var part = loss.Clean(logits, images.Labels, images.Teacher);
                total = Backward(part, images);
                Record(means, part, logits, images.Labels, EpochSum.Clean, EpochSum.CleanDistillation);
                if (images.OwnTeacher is { } own) means.Add(EpochSum.TeacherAgreement, Agreement(logits.detach(), own.argmax(1)));
            }
            if (images.Perturbed is not null)
            {
                var logits = view.Logits(images.Perturbed, images.Indices, TrainingDraw(epoch, step, 1));
                var part = loss.Perturbed(logits, images.Labels, images.TeacherOnPerturbed);
                var second = Backward(part, images);
                total = total is null ? second : total + second;
                Record(means, part, logits, images.Labels, EpochSum.Adversarial, EpochSum.AdversarialDistillation);
            }
            means.Add(EpochSum.Loss, total ?? throw new ArgumentException("the loss has no part: all its weights are 0", nameof(loss)));
            if (images.Teacher is not null) means.Add(EpochSum.LabelAgreement, Agreement(images.Teacher, images.Labels));
            sums.Add(means, images.Count);
        }
        finally
        {
            source.Part = null;
        }
    }

    // The bracket's mean over these images, without its graph.
    static Tensor Backward(LossPart part, StepImages images)
    {
        if (images.IsWhole) part.Total.backward();
        else part.Total.mul((double)images.Count / images.Batch).backward();
        return part.Total.detach();
    }

    // The first bracket's answers count: those on clean images, unless only perturbed ones are trained on.
    static void Record(Dictionary<EpochSum, Tensor> means, LossPart part, Tensor logits, Tensor labels, EpochSum crossEntropy, EpochSum distance)
    {
        means.Add(crossEntropy, part.CrossEntropy);
        if (part.Distance is not null) means.Add(distance, part.Distance);
        if (!means.ContainsKey(EpochSum.Correct)) means.Add(EpochSum.Correct, Agreement(logits.detach(), labels));
    }

    static Tensor Agreement(Tensor scores, Tensor labels) => scores.argmax(1).eq(labels).to(ScalarType.Float64).mean();

    // Two passes of a step are two draws.
    static Draw TrainingDraw(int epoch, int step, int pass) => new(RandomStream.Training, epoch, (2L * step) + pass);
}
