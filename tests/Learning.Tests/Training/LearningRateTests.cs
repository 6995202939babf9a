using KdRobust.Domain.Experiments;
using KdRobust.Learning.Training;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Training;

public sealed class LearningRateTests
{
    static double[] Ours(ScheduleSpec schedule, int epochs, int stepsPerEpoch) =>
    [
        .. Enumerable.Range(0, epochs * stepsPerEpoch).Select(step => LearningRate.Factor(schedule, step, step / stepsPerEpoch, epochs * stepsPerEpoch)),
    ];

    // The rate in each step as a scheduler of the binding sets it, for a base rate of 1.
    static double[] Scheduled(Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> make, int steps, int stepEvery)
    {
        using var scope = NewDisposeScope();
        using var parameter = nn.Parameter(ones([1]));
        using var optimizer = optim.SGD([parameter], 1);
        var scheduler = make(optimizer);
        var rates = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            rates[step] = optimizer.ParamGroups.Single().LearningRate;
            optimizer.step();
            if ((step + 1) % stepEvery == 0) scheduler.step();
        }
        return rates;
    }

    static void ShouldAgree(double[] ours, double[] theirs)
    {
        ours.Length.ShouldBe(theirs.Length);
        for (var i = 0; i < ours.Length; i++) ours[i].ShouldBe(theirs[i], 1e-12, $"step {i}");
    }

    [DeviceTheory]
    [InlineData(0.3, 25, 1e4, 12, 7)]
    [InlineData(0.05, 10, 10, 3, 5)]
    [InlineData(0.9, 1, 100, 4, 4)]
    public void One_cycle_is_that_of_OneCycleLR(double rise, double start, double end, int epochs, int steps)
    {
        var schedule = new OneCycleScheduleSpec { RiseFraction = rise, StartDivisor = start, EndDivisor = end };

        ShouldAgree(
            Ours(schedule, epochs, steps),
            Scheduled(o => optim.lr_scheduler.OneCycleLR(o, 1, total_steps: epochs * steps, pct_start: rise, cycle_momentum: false, div_factor: start, final_div_factor: end), epochs * steps, 1));
    }

    [DeviceFact]
    public void Steps_are_those_of_StepLR() => ShouldAgree(
        Ours(new StepScheduleSpec { Every = 2, Gamma = 0.1 }, 7, 3),
        Scheduled(o => optim.lr_scheduler.StepLR(o, 2, 0.1), 21, 3));

    [DeviceFact]
    public void Milestones_are_those_of_MultiStepLR() => ShouldAgree(
        Ours(new MultiStepScheduleSpec { Milestones = [2, 5], Gamma = 0.3 }, 7, 3),
        Scheduled(o => optim.lr_scheduler.MultiStepLR(o, [2, 5], 0.3), 21, 3));

    [DeviceTheory]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.5)]
    [InlineData(10, 0.1)]
    [InlineData(3, 1)]
    public void A_cycle_of_few_steps_stays_between_its_ends(int steps, double rise)
    {
        var factors = Ours(new OneCycleScheduleSpec { RiseFraction = rise, StartDivisor = 25, EndDivisor = 100 }, 1, steps);

        factors.ShouldAllBe(f => f > 0 && f <= 1);
    }

    static double[] Warmed(ScheduleSpec schedule, WarmupSpec? warmup, int epochs, int stepsPerEpoch) =>
        [.. Enumerable.Range(0, epochs * stepsPerEpoch).Select(step => LearningRate.Factor(schedule, warmup, step, epochs, stepsPerEpoch))];

    [DeviceTheory]
    [InlineData(0, 5, 4)]
    [InlineData(0.01, 3, 7)]
    public void Cosine_is_that_of_CosineAnnealingLR(double end, int epochs, int steps) => ShouldAgree(
        Ours(new CosineScheduleSpec { EndFactor = end }, epochs, steps),
        Scheduled(o => optim.lr_scheduler.CosineAnnealingLR(o, epochs * steps, end), epochs * steps, 1));

    [DeviceFact]
    public void A_warm_up_is_a_line_and_the_schedule_runs_over_the_steps_that_remain()
    {
        var warmup = new WarmupSpec { Epochs = 2, StartFactor = 0.2 };
        ScheduleSpec[] overSteps = [new CosineScheduleSpec { EndFactor = 0.1 }, new OneCycleScheduleSpec { RiseFraction = 0.3, StartDivisor = 25, EndDivisor = 100 }];
        foreach (var schedule in overSteps)
        {
            var rates = Warmed(schedule, warmup, 6, 5);

            ShouldAgree(rates[..10], [.. Enumerable.Range(0, 10).Select(i => 0.2 + (0.08 * i))]);
            ShouldAgree(rates[10..], Warmed(schedule, null, 4, 5));
        }
    }

    [DeviceFact]
    public void Milestones_and_steps_count_from_the_start_of_the_training_also_after_a_warm_up()
    {
        var warmup = new WarmupSpec { Epochs = 1, StartFactor = 0 };
        ScheduleSpec[] overEpochs = [new MultiStepScheduleSpec { Milestones = [2, 4], Gamma = 0.1 }, new StepScheduleSpec { Every = 2, Gamma = 0.1 }];
        foreach (var schedule in overEpochs)
            ShouldAgree(Warmed(schedule, warmup, 5, 2), [0, 0.5, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01]);
    }

    [DeviceFact]
    public void A_milestone_of_the_last_epoch_never_comes() =>
        Warmed(new MultiStepScheduleSpec { Milestones = [100], Gamma = 0.1 }, null, 100, 1).ShouldAllBe(rate => rate == 1);
}
