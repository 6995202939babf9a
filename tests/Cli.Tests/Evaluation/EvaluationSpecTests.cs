using KdRobust.Cli.Evaluation;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;

namespace KdRobust.Cli.Tests.Evaluation;

public sealed class EvaluationSpecTests
{
    static readonly NormalizationSpec Normalize = new() { Mean = [0.5, 0.5, 0.5], Std = [0.25, 0.25, 0.25] };

    [Theory]
    [InlineData("resnet20", 20, ResNetShortcut.Pad)]
    [InlineData("resnet110", 110, ResNetShortcut.Pad)]
    [InlineData("resnet32-b", 32, ResNetShortcut.Projection)]
    public void A_CIFAR_ResNet_is_named_by_its_depth_and_shortcut(string name, int depth, ResNetShortcut shortcut) =>
        ArchitectureName.Read(name, Normalize).ShouldBe(new CifarResNetSpec { Depth = depth, Shortcut = shortcut, Normalize = Normalize });

    [Fact]
    public void The_others_are_named_as_papers_do()
    {
        ArchitectureName.Read("wrn-28-10", null).ShouldBe(new WideResNetSpec { Depth = 28, Width = 10, Dropout = 0, Normalize = null });
        ArchitectureName.Read("resnet18", null).ShouldBe(new ResNet18Spec { Normalize = null });
        ArchitectureName.Read("preact-resnet18", null).ShouldBe(new PreActResNet18Spec { Normalize = null });
        foreach (var unknown in new[] { "resnet", "resnet20-c", "wrn-28", "vgg16", "" }) ArchitectureName.Read(unknown, null).ShouldBeNull();
    }

    [Theory]
    [InlineData(true, new[] { "import/imported", "attack/pgd", "evaluate/clean" })]
    [InlineData(false, new[] { "import/imported", "evaluate/clean" })]
    public void The_spec_has_no_problems_and_the_jobs_that_are_meant(bool attacked, string[] jobs)
    {
        var attack = new PgdSpec
        {
            Norm = AttackNorm.Linf, Epsilon = Fraction.Of(8, 255), Loss = AttackLoss.CrossEntropy, Target = AttackTarget.None, Expectation = null, StepSize = Fraction.Of(.006),
            Steps = 10, Restarts = 1, RandomStart = false, Gradient = StepGradient.Fresh, Keep = KeepIterate.Last, SelectingDraws = 1,
        };
        var request = new EvaluationRequest(
            ArchitectureName.Read("resnet20", Normalize)!, DatasetName.Cifar10, 10_000, attacked ? attack : null, new() { Device = DeviceKind.Cpu, Threads = 1, Precision = Precision.Float32 });
        var spec = EvaluationSpecBuilder.Build(request, new() { Sha256 = new string('a', 64), Rename = [new() { From = "module.", To = "" }], Skip = [] });

        SpecRules.Check(spec).ShouldBeEmpty();
        ExperimentPlan.Of(spec).Jobs.Select(job => job.Key).ShouldBe(jobs);
        spec.ResultIds().ShouldBe(attacked ? [EvaluationSpecBuilder.Clean, EvaluationSpecBuilder.AttackedResult] : [EvaluationSpecBuilder.Clean]);
    }
}
