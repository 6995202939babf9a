using KdRobust.Domain.Experiments;

namespace KdRobust.Learning.Training;

/// <summary>
/// The learning rate as a function of the step, so that a resumed training needs no counter for it. Every parameter
/// group follows the same curve scaled by its own base rate.
/// </summary>
internal static class LearningRate
{
    /// <summary>
    /// The multiple of the base rate at a step, with a warm-up before the schedule: a line from its start factor up to the base
    /// rate (PyTorch's LinearLR). What runs over steps (cosine, one cycle) then runs over the steps that remain; milestones
    /// count epochs from the start of the training.
    /// </summary>
    /// <param name="schedule">The curve after the warm-up.</param>
    /// <param name="warmup">The warm-up, or null.</param>
    /// <param name="step">Optimizer steps done before this one, from 0.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    /// <param name="stepsPerEpoch">Steps of each.</param>
    public static double Factor(ScheduleSpec schedule, WarmupSpec? warmup, long step, int epochs, int stepsPerEpoch)
    {
        var warming = (long)(warmup?.Epochs ?? 0) * stepsPerEpoch;
        return warmup is not null && step < warming
            ? warmup.StartFactor + ((1 - warmup.StartFactor) * step / warming)
            : Factor(schedule, step - warming, (int)(step / stepsPerEpoch), ((long)epochs * stepsPerEpoch) - warming);
    }

    /// <summary>The multiple of the base rate at a step.</summary>
    /// <param name="schedule">The curve.</param>
    /// <param name="step">Steps the schedule has done before this one, from 0.</param>
    /// <param name="epoch">Epochs of the training done before this one, from 0.</param>
    /// <param name="totalSteps">Steps of the whole schedule.</param>
    public static double Factor(ScheduleSpec schedule, long step, int epoch, long totalSteps) => schedule switch
    {
        ConstantScheduleSpec => 1,
        StepScheduleSpec s => Math.Pow(s.Gamma, epoch / s.Every),
        MultiStepScheduleSpec s => Math.Pow(s.Gamma, s.Milestones.Count(m => m <= epoch)),
        CosineScheduleSpec s => Cosine(1, s.EndFactor, (double)step / totalSteps),
        OneCycleScheduleSpec s => OneCycle(s, step, totalSteps),
        _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule.GetType().Name, "no such schedule"),
    };

    // PyTorch's OneCycleLR with cosine annealing and two phases; the peak is the base rate.
    static double OneCycle(OneCycleScheduleSpec s, long step, long totalSteps)
    {
        var start = 1 / s.StartDivisor;
        var end = start / s.EndDivisor;
        var peakAt = (s.RiseFraction * totalSteps) - 1;
        var lastAt = totalSteps - 1.0;
        return peakAt > 0 && step <= peakAt
            ? Cosine(start, 1, step / peakAt)
            : Cosine(1, end, lastAt > peakAt ? (step - peakAt) / (lastAt - peakAt) : 1);
    }

    static double Cosine(double from, double to, double share) => to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share)));
}
