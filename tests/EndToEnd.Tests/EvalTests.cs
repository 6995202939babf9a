using System.Text.Json.Nodes;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests;

/// <summary>Weights of others, evaluated and taken out again by one-off processes.</summary>
public sealed class EvalTests : IDisposable
{
    readonly Checkout kdr = new();

    public void Dispose() => kdr.Dispose();

    [WeightsFact]
    public async Task Public_weights_are_evaluated_attacked_and_exported_without_a_service()
    {
        var file = Path.Combine(TestEnvironment.Weights!, "resnet20-12fca82f.th");
        string[] asked = ["eval", "--import", file, "--arch", "resnet20", "--mean", ".485,.456,.406", "--std", ".229,.224,.225", "--dataset", "synthetic", "--images", "40", "--attack", "pgd2", "--threads", "1", "--json"];
        var done = await kdr.Run(asked);
        done.ExitCode.ShouldBe(0, done.Text);
        done.Error.ShouldContain("rename: 'module.' -> ''");
        var said = JsonNode.Parse(done.Output)!;
        foreach (var number in new[] { said["clean"]!, said["pgd"]! })
        {
            number["images"]!.GetValue<int>().ShouldBe(40);
            number["accuracy"]!.GetValue<double>().ShouldBe(100.0 * number["correct"]!.GetValue<int>() / 40, 1e-9);
            number["interval"]!.AsArray().Count.ShouldBe(2);
        }
        said["weights"]!["rename"]!.ToJsonString().ShouldBe("""[{"from":"module.","to":""}]""");

        // Asked again with a rule that does not fit, it is the import that refuses, in words.
        var wrong = await kdr.Run([.. asked, "--rename", "modul.="]);
        wrong.ExitCode.ShouldBe(3, wrong.Text);
        wrong.Error.ShouldContain("'conv1.weight' is missing");
        wrong.Error.ShouldContain("""("rename": [{"from":"module.","to":""}] would fit better)""");
    }
}
