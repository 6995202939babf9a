using KdRobust.Support;
using KdRobust.Worker.Local;

namespace KdRobust.Worker.Tests;

public sealed class RunOptionsTests
{
    static readonly string Demo = Repository.At("experiments", "demo.json");

    [Fact]
    public void Spec_and_options_are_read()
    {
        var options = RunOptions.Parse([Demo, "--json", "--out", "/tmp/kdr-out", "--run", "2"]);
        options.Spec.Name.ShouldBe("demo");
        options.ShouldSatisfyAllConditions(o => o.Json.ShouldBeTrue(), o => o.OutputFolder.ShouldBe("/tmp/kdr-out"), o => o.RunNumber.ShouldBe(2));
    }

    [Fact]
    public void Every_problem_of_a_spec_is_told_at_once()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, File.ReadAllText(Demo).Replace("\"seed\": 1", "\"seed\": -1", StringComparison.Ordinal).Replace("\"threads\": 1", "\"threads\": 0", StringComparison.Ordinal));
            var refused = Should.Throw<UsageException>(() => RunOptions.Parse([file]));
            refused.Message.ShouldContain("has 2 problem(s)");
            refused.Message.ShouldContain("$.seed");
            refused.Message.ShouldContain("$.compute.threads");
            refused.OptionsHelp.ShouldBeFalse();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Missing_file_and_unknown_option_are_named()
    {
        Should.Throw<UsageException>(() => RunOptions.Parse([])).Message.ShouldStartWith("run needs the file of a spec");
        Should.Throw<UsageException>(() => RunOptions.Parse(["/nonexistent/spec.json"])).Message.ShouldStartWith("/nonexistent/spec.json cannot be read");
        Should.Throw<UsageException>(() => RunOptions.Parse([Demo, "--jsn", "x"])).Message.ShouldStartWith("'--jsn' is no option here");
    }

    [Fact]
    public void Models_are_found_by_their_checksum_and_may_be_several()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "abc");
            var options = RunOptions.Parse([Demo, "--model", file, "--json", "--model", Demo]);
            options.Models["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"].ShouldBe(file);
            options.Models.Count.ShouldBe(2);
            options.Json.ShouldBeTrue();
        }
        finally
        {
            File.Delete(file);
        }
        Should.Throw<UsageException>(() => RunOptions.Parse([Demo, "--model", "/nonexistent/w.pt"])).Message.ShouldStartWith("--model /nonexistent/w.pt: there is no such file");
        Should.Throw<UsageException>(() => RunOptions.Parse([Demo, "--model"])).Message.ShouldStartWith("--model needs a value");
    }
}
