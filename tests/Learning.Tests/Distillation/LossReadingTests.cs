using KdRobust.Domain.Experiments;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Distillation;

public sealed class LossReadingTests
{
    const double A = 0.3, W = 0.75, WPerturbed = 0.25, V = 0.6, T = 2;

    public static TheoryData<string> Readings => ["R1", "R2", "R3", "R4"];

    static LossReadingSpec Reading(string name) => name switch
    {
        "R1" => new AsCodedReadingSpec(),
        "R2" => new TeacherOnAdversarialReadingSpec(),
        "R3" => new UnscaledReadingSpec(),
        "R4" => new PartWeightsReadingSpec { DistilWeight = V },
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    static TrainingLoss Loss(string reading, int epoch) => TrainingLoss.Of(
        TinyExperiment.Clean(5) with
        {
            Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { Weight = A },
            Distillation = TinyExperiment.Distillation with { Weight = W, AdversarialWeight = WPerturbed, Reading = Reading(reading) },
        },
        epoch);

    static Tensor Logits(int seed) => arange(30, ScalarType.Float32).add(seed).mul(1.7).sin().mul(3).reshape(3, 10);

    [DeviceTheory]
    [MemberData(nameof(Readings))]
    public void Every_reading_is_its_written_formula(string reading)
    {
        using var scope = NewDisposeScope();
        var (z, zPerturbed, h, hPerturbed, y) = (Logits(1), Logits(5), Logits(9).softmax(1), Logits(13).softmax(1), tensor(new long[] { 2, 0, 9 }));
        var loss = Loss(reading, epoch: 1);

        var ours = loss.Clean(z, y, h).Total + loss.Perturbed(zPerturbed, y, loss.TeacherOnPerturbed ? hPerturbed : h).Total;

        double Ce(Tensor logits) => nn.functional.cross_entropy(logits, y).item<float>();
        double D(Tensor labels, Tensor logits) => -(labels * logits.div(T).log_softmax(1)).sum(1).mean().item<float>();
        var expected = reading switch
        {
            "R1" => ((1 - A) * (((1 - W) * Ce(z)) + (W * T * T * D(h, z)))) + (A * (((1 - WPerturbed) * Ce(zPerturbed)) + (WPerturbed * T * T * D(h, zPerturbed)))),
            "R2" => ((1 - A) * (((1 - W) * Ce(z)) + (W * T * T * D(h, z)))) + (A * (((1 - WPerturbed) * Ce(zPerturbed)) + (WPerturbed * T * T * D(hPerturbed, zPerturbed)))),
            "R3" => ((1 - W) * Ce(z)) + (W * T * T * D(h, z)) + ((1 - WPerturbed) * Ce(zPerturbed)) + (WPerturbed * T * T * D(h, zPerturbed)),
            _ => (W * (((1 - V) * Ce(z)) + (V * T * T * D(h, z)))) + (WPerturbed * (((1 - V) * Ce(zPerturbed)) + (V * T * T * D(h, zPerturbed)))),
        };
        ((double)ours.item<float>()).ShouldBe(expected, 2e-5);
    }

    [DeviceTheory]
    [MemberData(nameof(Readings))]
    public void Before_the_adversarial_part_the_loss_is_the_clean_bracket_alone(string reading)
    {
        var loss = Loss(reading, epoch: 0);

        loss.CleanShare.ShouldBe(1);
        loss.NeedsPerturbed.ShouldBeFalse();
        loss.DistilWeight.ShouldBe(reading == "R4" ? V : W);
        Loss(reading, epoch: 1).NeedsPerturbed.ShouldBeTrue();
    }
}
