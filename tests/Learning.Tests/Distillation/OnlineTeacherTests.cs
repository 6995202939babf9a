using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Distillation;

public sealed class OnlineTeacherTests
{
    const int Draws = 3;

    static readonly DistillationSpec Spec = TinyExperiment.Distillation with { Labels = new OnlineLabelsSpec { Draws = Draws } };

    // Strong noise, so that draws answer differently.
    static readonly ColoredNoiseSpec Strong = Colored with { Diagonal = 1, LinearAlpha = 1 };

    static OnlineTeacher Teacher(
        Aggregation aggregation = Aggregation.MeanProbability, DrawSharing sharing = DrawSharing.Shared, double sigma = 0.1, DistillationSpec? spec = null) =>
        new(Build(Strong), new ViewShape(Shape(Strong), true, Pixels(sigma), sharing), aggregation, spec ?? Spec, new SeedTree(2));

    static Tensor Ask(OnlineTeacher teacher, Tensor images, long[] indices, int epoch = 1, int step = 4) => teacher.OnClean(images, indices, indices, epoch, step);

    [DeviceTheory]
    [InlineData(Aggregation.MeanProbability)]
    [InlineData(Aggregation.Votes)]
    public void An_answer_is_the_aggregate_of_fresh_draws_in_evaluation_mode(Aggregation aggregation)
    {
        using var scope = NewDisposeScope();
        using var teacher = Teacher(aggregation);
        using var network = Build(Strong);
        using var view = new NetworkView(network, Pixels(0.1), new SeedTree(2), ImageNoiseLayout.Images);
        using var frozen = view.Freeze();
        var images = Images(4);

        var answer = Ask(teacher, images, Indices(4));

        var draws = Enumerable.Range(0, Draws).Select(j => view.Logits(images, Indices(4), new Draw(RandomStream.Teacher, 1, (2 * 4 * Draws) + j)));
        var expected = Aggregations.Scores(aggregation, stack(draws)).to(ScalarType.Float64);
        LargestDifference(answer, aggregation == Aggregation.Votes ? expected / Draws : expected).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
        answer.requires_grad.ShouldBeFalse();
    }

    [DeviceTheory]
    [InlineData(DrawSharing.Shared)]
    [InlineData(DrawSharing.Image)]
    public void An_answer_does_not_depend_on_how_a_step_is_split(DrawSharing sharing)
    {
        using var scope = NewDisposeScope();
        using var teacher = Teacher(sharing: sharing);
        var images = Images(4);

        var whole = Ask(teacher, images, Indices(4));

        var parts = cat([Ask(teacher, images.narrow(0, 0, 3), Indices(3)), Ask(teacher, images.narrow(0, 3, 1), Indices(1, 3))]);
        LargestDifference(whole, parts).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }

    [DeviceFact]
    public void Images_share_the_draws_of_the_weights_unless_each_has_its_own()
    {
        using var scope = NewDisposeScope();
        var twice = Images(1).expand([2, 3, 32, 32]).contiguous();
        using var shared = Teacher(sharing: DrawSharing.Shared, sigma: 0);
        using var apart = Teacher(sharing: DrawSharing.Image, sigma: 0);

        var (together, each) = (Ask(shared, twice, Indices(2)), Ask(apart, twice, Indices(2)));

        LargestDifference(together.narrow(0, 0, 1), together.narrow(0, 1, 1)).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
        LargestDifference(each.narrow(0, 0, 1), each.narrow(0, 1, 1)).ShouldBeGreaterThan(1e-3);
    }

    [DeviceFact]
    public void Steps_epochs_and_perturbed_images_meet_fresh_draws()
    {
        using var scope = NewDisposeScope();
        using var teacher = Teacher(sigma: 0);
        var images = Images(2);
        Tensor[] answers =
        [
            Ask(teacher, images, Indices(2), 0, 0), Ask(teacher, images, Indices(2), 0, 1), Ask(teacher, images, Indices(2), 1, 0), teacher.OnPerturbed(images, Indices(2), 0, 0),
        ];

        for (var i = 0; i < answers.Length; i++)
            for (var j = 0; j < i; j++) LargestDifference(answers[i], answers[j]).ShouldBeGreaterThan(1e-4, $"{i} and {j}");
        Same(answers[0], Ask(teacher, images, Indices(2), 0, 0)).ShouldBeTrue();
    }

    [DeviceFact]
    public void Answers_are_softened_where_the_training_softens_labels()
    {
        using var scope = NewDisposeScope();
        using var hard = Teacher(Aggregation.Votes);
        using var soft = Teacher(Aggregation.Votes, spec: Spec with { TemperFloor = 0.01 });
        var images = Images(2);

        Same(Ask(soft, images, Indices(2)), TemperedLabels.Of(Ask(hard, images, Indices(2)), 0.01, Spec.Temperature)).ShouldBeTrue();
    }
}
