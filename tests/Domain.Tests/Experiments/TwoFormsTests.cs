using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Support;

namespace KdRobust.Domain.Tests.Experiments;

/// <summary>Every row of the paper stands in experiments/ in two forms and two sizes, and the forms differ as docs/paper.md says.</summary>
public sealed class TwoFormsTests
{
    static readonly string[] All =
        ["table1/", "table2/", "table3/", "figures/fig1-", "figures/fig2-", "figures/fig3-", "figures/fig4-", "figures/fig5-", "figures/fig6-"];

    public static TheoryData<string> Rows() => [.. All];

    static ExperimentSpec Read(string row, string form)
    {
        var reading = SpecReader.Read(File.ReadAllText(Repository.At("experiments", $"{row}{form}.json")));
        reading.Problems.ShouldBeEmpty($"{row}{form}");
        return reading.Spec!;
    }

    static IEnumerable<(string Name, ModelSpec Model, TrainingSpec Training)> Trainings(ExperimentSpec spec) =>
        spec.Models.Select(m => (m.Key, m.Value, (TrainingSpec)m.Value.Weights));

    [Theory]
    [MemberData(nameof(Rows))]
    public void Both_forms_measure_the_same_results(string row)
    {
        foreach (var size in new[] { "", "-small" })
        {
            var (correct, replicate) = (Read(row, "correct" + size), Read(row, "replicate" + size));
            correct.Name.ShouldBe($"{row}correct{size}");
            correct.Models.Keys.ShouldBe(replicate.Models.Keys);
            correct.Evaluations.ShouldBe(replicate.Evaluations);
            correct.Transfers.Keys.ShouldBe(replicate.Transfers.Keys);
            correct.Expected.ShouldNotBeNull();
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_full_size_is_the_papers(string row)
    {
        foreach (var spec in new[] { Read(row, "correct"), Read(row, "replicate") })
        {
            spec.Dataset.ShouldBe(new DatasetSpec { Name = DatasetName.Cifar10, TrainImages = 50_000, TestImages = 10_000 });
            foreach (var (name, model, training) in Trainings(spec))
            {
                var wide = model.Architecture.ShouldBeOfType<WideResNetSpec>(name);
                (wide.Depth, wide.Width, training.Epochs, training.BatchSize).ShouldBe((28, 4, 100, 256), name);
            }
            spec.Views.Values.Where(v => spec.Models[v.Model].Noise is not NoNoiseSpec && v.WeightNoise).ShouldAllBe(v => v.Draws == 512);
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_replicating_form_has_the_public_codes_protocol(string row)
    {
        foreach (var size in new[] { "", "-small" })
        {
            var spec = Read(row, "replicate" + size);
            foreach (var (name, model, training) in Trainings(spec))
            {
                training.Selection.ShouldNotBeNull(name).From.ShouldBe(SelectionSet.Test);
                if (model.Noise is ColoredNoiseSpec noise)
                {
                    (noise.Scale, noise.Form, noise.FactorStart, noise.Factor, noise.OffDiagonalPenalty, noise.LearningRateFactor)
                        .ShouldBe((NoiseScale.Std, DiagonalForm.Absolute, FactorStart.Constant, 0.01, 0.001, 1));
                    training.Adversarial!.Attack.ShouldBeOfType<PgdSpec>().Gradient.ShouldBe(StepGradient.Accumulated);
                    continue;
                }
                model.Architecture.Normalize.ShouldBeNull(name);
                training.BatchNorm.ShouldBe(BatchNormMode.LeftInEvaluation, name);
                ((MultiStepScheduleSpec)training.Schedule).Milestones.ShouldAllBe(m => m >= training.Epochs, name);
                if (training.Distillation is { } distillation)
                    (distillation.Variant, distillation.Order, distillation.Temperature).ShouldBe((DistillationVariant.AsCoded, LabelOrder.FileOrder, 2.0), name);
            }
            spec.Transfers.Values.ShouldAllBe(t => ((PgdSpec)t.Attack).Keep == KeepIterate.Frozen && !((PgdSpec)t.Attack).RandomStart);
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_correct_form_has_none_of_it(string row)
    {
        foreach (var size in new[] { "", "-small" })
        {
            var spec = Read(row, "correct" + size);
            foreach (var (name, model, training) in Trainings(spec))
            {
                training.Selection.ShouldNotBeNull(name).From.ShouldBe(SelectionSet.HeldOut);
                training.BatchNorm.ShouldBe(BatchNormMode.Training, name);
                model.Architecture.Normalize.ShouldNotBeNull(name);
                if (training.Distillation is { } distillation)
                    (distillation.Variant, distillation.Order).ShouldBe((DistillationVariant.Correct, LabelOrder.Image), name);
                if (model.Noise is ColoredNoiseSpec noise) (noise.Form, noise.OffDiagonalPenalty, noise.WeightDecay).ShouldBe((DiagonalForm.LogVariance, 0, 0));
            }
            spec.Transfers.Values.ShouldAllBe(t => ((PgdSpec)t.Attack).Keep == KeepIterate.Best && ((PgdSpec)t.Attack).RandomStart);
        }
    }

    [Fact]
    public void Rows_of_one_form_share_their_trainings()
    {
        foreach (var form in new[] { "correct", "replicate", "correct-small", "replicate-small" })
        {
            var jobs = All.Select(row => ExperimentPlan.Of(Read(row, form))).SelectMany(plan => plan.Jobs).ToList();
            jobs.Where(j => j.Payload is TrainPayload).Select(j => j.Fingerprint).Distinct().Count().ShouldBe(7, form);
        }
    }
}
