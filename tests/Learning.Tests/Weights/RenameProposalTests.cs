using KdRobust.Domain.Experiments;
using KdRobust.Learning.Weights.Import;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Weights;

public sealed class RenameProposalTests
{
    static readonly string[] Network = ["conv1.weight", "layer2.0.conv1.weight", "layer2.0.downsample.0.weight", "fc.weight", "fc.bias"];

    static IEnumerable<string> Proposed(params string[] file) => RenameProposal.Of(file, Network).Select(rule => $"{rule.From} -> {rule.To}");

    [DeviceFact]
    public void Names_that_fit_stay() => Proposed(Network).ShouldBeEmpty();

    [DeviceTheory]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("module.model.")]
    [InlineData("_orig_mod.")]
    public void A_prefix_of_every_name_is_removed(string prefix) =>
        Proposed([.. Network.Select(name => prefix + name)]).ShouldBe([$"{prefix} -> "]);

    [DeviceFact]
    public void Heads_and_shortcuts_get_the_networks_word_longer_prefixes_first()
    {
        string[] file = ["module.conv1.weight", "module.layer2.0.conv1.weight", "module.layer2.0.shortcut.0.weight", "module.linear.weight", "module.linear.bias"];
        var rules = RenameProposal.Of(file, Network);

        rules.Select(rule => $"{rule.From} -> {rule.To}").ShouldBe(["module.layer2.0.shortcut. -> layer2.0.downsample.", "module.linear. -> fc.", "module. -> "]);
        file.Select(name => KeyMapping.Renamed(name, rules)).ShouldBe(Network);
    }

    [DeviceFact]
    public void Names_that_fit_nothing_get_no_rule() => Proposed("a.weight", "b.bias").ShouldBeEmpty();

    [DeviceFact]
    public void The_first_rule_that_fits_is_the_only_one()
    {
        RenameSpec[] rules = [new() { From = "a.b.", To = "x." }, new() { From = "a.", To = "a.b." }];
        KeyMapping.Renamed("a.b.c", rules).ShouldBe("x.c");
        KeyMapping.Renamed("a.c", rules).ShouldBe("a.b.c");
        KeyMapping.Renamed("c", rules).ShouldBe("c");
    }
}
