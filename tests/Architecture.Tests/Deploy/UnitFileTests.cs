using KdRobust.Support;

namespace KdRobust.Architecture.Tests.Deploy;

/// <summary>The units of systemd and the scripts, judged by the programs that read them.</summary>
public class UnitFileTests
{
    public static TheoryData<string> Units => [.. Checkout.Files("deploy/systemd", "*.service")];

    public static TheoryData<string> Scripts => [.. Checkout.Files("deploy", "*.sh")];

    [SystemdTheory, MemberData(nameof(Units))]
    public async Task Systemd_has_nothing_to_say_about_a_unit(string unit)
    {
        // The program need not be installed where this is checked.
        var folder = Directory.CreateTempSubdirectory("kdr-unit-");
        try
        {
            var copy = Path.Combine(folder.FullName, Path.GetFileName(unit));
            await File.WriteAllTextAsync(copy, (await File.ReadAllTextAsync(Checkout.At(unit))).Replace("ExecStart=/usr/bin/dotnet ", "ExecStart=/bin/true ", StringComparison.Ordinal));
            var verified = await ChildProcess.Run("systemd-analyze", ["verify", "--man=no", copy]);
            verified.Error.ShouldBeEmpty();
            verified.ExitCode.ShouldBe(0);

            await File.AppendAllTextAsync(copy, "\n[Service]\nNoNewPriviledges=yes\n");
            (await ChildProcess.Run("systemd-analyze", ["verify", "--man=no", copy])).Error.ShouldContain("NoNewPriviledges", Case.Sensitive, "an unknown key is noticed");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory, MemberData(nameof(Units))]
    public void A_unit_runs_as_nobody_special_and_comes_back(string unit)
    {
        var lines = File.ReadAllLines(Checkout.At(unit));
        lines.ShouldContain("User=kdrobust");
        lines.ShouldContain("Restart=always");
        lines.ShouldContain("NoNewPrivileges=yes");
        lines.ShouldContain("ProtectSystem=strict");
        lines.ShouldAllBe(line => !line.Contains("Password", StringComparison.OrdinalIgnoreCase));
    }

    [Theory, MemberData(nameof(Scripts))]
    public async Task A_script_is_read_by_bash(string script) => (await ChildProcess.Run("bash", ["-n", Checkout.At(script)])).Text.ShouldBeEmpty();

    [Fact]
    public async Task Secrets_are_made_once_and_for_their_owner_alone()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-secrets-");
        try
        {
            var script = Path.Combine(folder.FullName, "make-secrets.sh");
            File.Copy(Checkout.At("deploy/make-secrets.sh"), script);
            (await ChildProcess.Run("bash", [script])).ExitCode.ShouldBe(0);
            var secrets = new DirectoryInfo(Path.Combine(folder.FullName, "secrets"));
            secrets.UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var made = secrets.GetFiles().ToDictionary(file => file.Name, file => File.ReadAllText(file.FullName).Trim(), StringComparer.Ordinal);
            made.Keys.ShouldBe(["postgres", "migrator", "api", "worker", "reader"], ignoreOrder: true);
            made.Values.Select(secret => secret.Split(':')[^1]).ShouldAllBe(password => password.Length == 32);
            made.Values.Distinct(StringComparer.Ordinal).Count().ShouldBe(5);
            made["api"].ShouldStartWith("*:*:*:kdr_api:");

            (await ChildProcess.Run("bash", [script])).ExitCode.ShouldBe(0);
            secrets.GetFiles().ShouldAllBe(file => File.ReadAllText(file.FullName).Trim() == made[file.Name]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>Runs where systemd's own checker is.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdTheoryAttribute : TheoryAttribute
{
    public SystemdTheoryAttribute() => Skip = Path.Exists("/usr/bin/systemd-analyze") ? null : "no systemd-analyze to judge units with: apt-get install systemd";
}
