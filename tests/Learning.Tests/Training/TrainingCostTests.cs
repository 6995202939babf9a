using KdRobust.Domain.Experiments;
using KdRobust.Support;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Learning.Training;

namespace KdRobust.Learning.Tests.Training;

public sealed class TrainingCostTests
{
    /// <summary>Two passes of 3 each, and two steps of 2 passes a draw; one more where the mean over draws must be known first.</summary>
    [DeviceTheory]
    [InlineData(0, ExpectationOf.MeanLoss, 10)]
    [InlineData(1, ExpectationOf.MeanLogit, 10)]
    [InlineData(4, ExpectationOf.MeanLoss, 22)]
    [InlineData(4, ExpectationOf.MeanLogit, 30)]
    [InlineData(4, ExpectationOf.MeanProbability, 30)]
    public void A_draw_of_the_attack_costs_what_its_expectation_needs(int draws, ExpectationOf of, double passes)
    {
        var attack = TinyExperiment.Attack with { Expectation = draws == 0 ? null : new ExpectationSpec { Draws = draws, Of = of } };
        var training = TinyExperiment.Clean(2) with { Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { Attack = attack } };

        TrainingCost.Of(training, 1).ShouldBe(3);
        TrainingCost.Of(training, 2).ShouldBe(3 + passes);
    }
}
