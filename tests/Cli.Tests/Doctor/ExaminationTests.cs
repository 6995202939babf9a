using KdRobust.Cli.Doctor;
using KdRobust.Cli.Tests.Arrange;

namespace KdRobust.Cli.Tests.Doctor;

public sealed class ExaminationTests : IDisposable
{
    readonly TemporaryCheckout checkout = new();

    public void Dispose() => checkout.Dispose();

    Task<IReadOnlyList<Finding>> Examine(string? data = null) => Examination.Examine(checkout.Folders, name => name == "KDR_DATA" ? data : null);

    [Fact]
    public async Task What_is_wrong_comes_with_what_to_do()
    {
        var findings = await Examine("/nowhere");
        findings.Single(f => f.Part == "images").Health.ShouldBe(Health.Broken);
        findings.Single(f => f.Part == "libtorch").Remedy!.ShouldContain("libtorch-dev");
        foreach (var finding in findings.Where(f => f.Health == Health.Broken))
            (finding.Remedy ?? finding.Found).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Images_are_found_and_named()
    {
        var data = Path.Combine(checkout.Folders.Root, "images");
        Directory.CreateDirectory(Path.Combine(data, "cifar10-mini"));
        await File.WriteAllBytesAsync(Path.Combine(data, "cifar10-mini", "train.bin"), [0]);
        var finding = (await Examine(data)).Single(f => f.Part == "images");
        finding.Health.ShouldBe(Health.Fine);
        finding.Found.ShouldBe($"{data}: cifar10-mini");
    }

    [Fact]
    public async Task It_changes_nothing()
    {
        await Examine();
        Directory.GetFileSystemEntries(checkout.Folders.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_broken_part_makes_the_exit_code_6()
    {
        var said = await new CommandLine(checkout.Folders).Run("doctor");
        said.ExitCode.ShouldBe(ExitCode.CheckFailed);
        said.Out.ShouldContain("FAIL  libtorch");
        said.Out.ShouldContain("-> ");
    }
}
