using KdRobust.Domain.Experiments;
using KdRobust.Learning.Distillation;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Distillation;

public sealed class LossTests
{
    static Tensor Logits(int seed) => arange(30, ScalarType.Float32).add(seed).mul(1.7).sin().mul(3).reshape(3, 10);

    static readonly long[] Classes = [2, 0, 9];

    static double[] Softmax(IEnumerable<float> row, double temperature)
    {
        var scores = row.Select(z => Math.Exp(z / temperature)).ToArray();
        return [.. scores.Select(score => score / scores.Sum())];
    }

    static double Part(float[] logits, float[] teacher, double w, double temperature) => Enumerable.Range(0, 3).Average(i =>
    {
        var row = logits.Skip(10 * i).Take(10).ToArray();
        var hard = -Math.Log(Softmax(row, 1)[Classes[i]]);
        var soft = -Softmax(row, temperature).Select((p, c) => teacher[10 * i + c] * Math.Log(p)).Sum();
        return (1 - w) * hard + w * temperature * temperature * soft;
    });

    [DeviceTheory]
    [InlineData(0, 0.5, 0, 4)]
    [InlineData(0.5, 0.75, 0.25, 2)]
    [InlineData(0.3, 0, 1, 1)]
    [InlineData(1, 0.2, 0.6, 3)]
    public void The_loss_is_the_written_formula(double a, double w, double wAdversarial, double temperature)
    {
        using var scope = NewDisposeScope();
        var (clean, perturbed, teacher, labels) = (Logits(1), Logits(5), Logits(9).softmax(1), tensor(Classes, [3]));
        var loss = new TrainingLoss(a, w, wAdversarial, temperature, DistillationVariant.Correct);
        var total = loss.Clean(clean, labels, teacher).Total + loss.Perturbed(perturbed, labels, teacher).Total;
        var expected = (1 - a) * Part(Values(clean), Values(teacher), w, temperature) + a * Part(Values(perturbed), Values(teacher), wAdversarial, temperature);
        total.item<float>().ShouldBe((float)expected, 1e-5 * Math.Max(1, expected));
    }

    [DeviceFact]
    public void The_adversarial_part_begins_with_its_epoch_and_the_distillation_part_is_absent_without_a_teacher()
    {
        var spec = Training(new AdversarialSpec { FromEpoch = 3, Weight = 0.5, Attack = Attack() }, null);
        TrainingLoss.Of(spec, 2).NeedsPerturbed.ShouldBeFalse();
        TrainingLoss.Of(spec, 3).AdversarialWeight.ShouldBe(0.5);
        using var scope = NewDisposeScope();
        var (logits, labels) = (Logits(1), tensor(Classes, [3]));
        var part = TrainingLoss.Of(spec, 3).Clean(logits, labels, null);
        part.Distance.ShouldBeNull();
        part.Total.item<float>().ShouldBe(0.5f * nn.functional.cross_entropy(logits, labels).item<float>(), 1e-6);

        var distilled = TrainingLoss.Of(Training(null, Runs.TinyExperiment.Distillation), 0);
        distilled.ShouldBe(new TrainingLoss(0, 0.75, 0.25, 2, DistillationVariant.Correct));
        Should.Throw<ArgumentNullException>(() => distilled.Clean(logits, labels, null)).Message.ShouldContain("teacher");
    }

    [DeviceFact]
    public void Labels_of_another_batch_size_are_refused()
    {
        using var scope = NewDisposeScope();
        var loss = new TrainingLoss(0, 0.5, 0, 2, DistillationVariant.Correct);
        Should.Throw<ArgumentException>(() => loss.Clean(Logits(1), tensor(Classes, [3]), ones([2, 10]))).Message.ShouldContain("[2, 10]");
    }

    static TrainingSpec Training(AdversarialSpec? adversarial, DistillationSpec? distillation) =>
        Runs.TinyExperiment.Clean(5) with { Adversarial = adversarial, Distillation = distillation };

    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Distillation_loss_and_its_gradient_are_the_golden_ones()
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        var (temperature, w) = (golden.Scalar("kd_T"), golden.Scalar("kd_w"));
        var teacher = GoldenTensor(golden, "kd_teacher_logits").div(temperature).softmax(1);
        var student = GoldenTensor(golden, "kd_student_logits").requires_grad_();
        var part = new TrainingLoss(0, w, 0, temperature, DistillationVariant.Correct).Clean(student, GoldenLabels(golden), teacher);
        part.CrossEntropy.item<float>().ShouldBe((float)golden.Scalar("kd_ce"), 3e-5);
        part.Distance!.item<float>().ShouldBe((float)golden.Scalar("kd_soft_ce"), 3e-5);
        part.Total.item<float>().ShouldBe((float)golden.Scalar("kd_loss"), 3e-5);
        var expected = GoldenTensor(golden, "kd_grad_student_logits");
        LargestDifference(autograd.grad([part.Total], [student])[0], expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * expected.abs().max().item<float>());
    }
}
