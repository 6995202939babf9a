using System.Globalization;
using KdRobust.Domain.Experiments;
using static KdRobust.Api.Reports.Setup.SpecWords;

namespace KdRobust.Api.Reports.Setup;

/// <summary>A training in words, one line a topic.</summary>
static class TrainingWords
{
    public static IEnumerable<(string What, string Words)> Lines(TrainingSpec t)
    {
        yield return ("training", Join("; ", Batches(t), Augmentation(t), BatchNorm(t.BatchNorm)));
        yield return ("optimizer", Join("; ",
            Optimizer(t.Optimizer), Schedule(t.Schedule), Warmup(t.Warmup),
            t.ClipNorm is { } clip ? $"gradient clipped to norm {Number(clip)}" : "no clipping",
            t.Average is { } average ? $"moving average of the weights, decay {Number(average.Decay)}" : "no average of the weights"));
        yield return ("adversarial part", t.Adversarial is { } a
            ? string.Create(CultureInfo.InvariantCulture, $"a = {Number(a.Weight)} of the loss from epoch {a.FromEpoch + 1} on: {AttackWords.Of(a.Attack)}")
            : "none");
        yield return ("distillation", t.Distillation is { } d ? DistillationWords.Of(d) : "none");
        yield return ("monitor", t.Monitor is { } m
            ? $"{Every(m.Every)} on the first {Whole(m.Images)} test images, {(m.Attack is { } attack ? $"clean and under {AttackWords.Of(attack)}" : "clean only")}"
            : "none");
        yield return ("best weights", t.Selection is { } s
            ? Join("", $"selected {Every(s.Every)} by {(s.Attack is { } judge ? $"accuracy under {AttackWords.Of(judge)}" : "clean accuracy")} on ",
                s.From == SelectionSet.HeldOut ? $"the last {Whole(s.Images)} training images, held out" : $"the first {Whole(s.Images)} test images (which makes the test accuracy too high)")
            : "none selected; the last count");
    }

    static string Batches(TrainingSpec t) => string.Create(CultureInfo.InvariantCulture, $"{t.Epochs} epochs of batches of {t.BatchSize}, {(t.MicroBatch == t.BatchSize ? "each in one pass" : $"in passes of {t.MicroBatch}")}");

    static string Augmentation(TrainingSpec t) => Join(", ",
        t.Augmentation.CropPadding == 0 ? "no crops" : string.Create(CultureInfo.InvariantCulture, $"crops of padding {t.Augmentation.CropPadding}"),
        t.Augmentation.Flip ? "flips" : "no flips",
        t.InputNoise is null ? "no input noise" : $"input noise {ViewWords.Noise(t.InputNoise)}");

    static string BatchNorm(BatchNormMode mode) => "batch norm " + mode switch
    {
        BatchNormMode.Training => "by the batch's statistics", BatchNormMode.Evaluation => "by the running statistics throughout",
        BatchNormMode.LeftInEvaluation => "left in evaluation after the first attack or monitor",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "no words for this mode"),
    };

    static string Optimizer(OptimizerSpec optimizer) => $"{Kind(optimizer)}, learning rate {Number(optimizer.LearningRate)}, {(optimizer is AdamWSpec ? "decoupled decay" : "L2 decay")} {Number(optimizer.WeightDecay)}";

    static string Kind(OptimizerSpec optimizer) => optimizer switch
    {
        AdamSpec a => $"Adam (β = {Number(a.Beta1)}, {Number(a.Beta2)}; ε = {Number(a.Epsilon)})",
        AdamWSpec a => $"AdamW (β = {Number(a.Beta1)}, {Number(a.Beta2)}; ε = {Number(a.Epsilon)})",
        SgdSpec s => $"SGD ({(s.Nesterov ? "Nesterov " : "")}momentum {Number(s.Momentum)})",
        _ => throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer.GetType().Name, "no words for this optimizer"),
    };

    static string Schedule(ScheduleSpec schedule) => schedule switch
    {
        ConstantScheduleSpec => "constant",
        StepScheduleSpec s => $"× {Number(s.Gamma)} every {Whole(s.Every)} epochs",
        MultiStepScheduleSpec m => $"× {Number(m.Gamma)} at epochs {string.Join(", ", m.Milestones.Select(Whole))}",
        CosineScheduleSpec c => $"half a cosine down to × {Number(c.EndFactor)}",
        OneCycleScheduleSpec o => $"one cosine cycle: rising for {Number(o.RiseFraction)} of the steps from 1/{Number(o.StartDivisor)}, down to 1/{Number(o.EndDivisor)} of that",
        _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule.GetType().Name, "no words for this schedule"),
    };

    static string Warmup(WarmupSpec? warmup) => warmup is null ? "no warm-up" : $"warm-up of {Whole(warmup.Epochs)} epoch(s) from × {Number(warmup.StartFactor)}";

    static string Every(int every) => every == 1 ? "every epoch" : $"every {Whole(every)} epochs";

    static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
