using KdRobust.Cli.Tests.Arrange;

namespace KdRobust.Cli.Tests.Commands;

/// <summary>What is secret stands in no line of output, whatever goes wrong.</summary>
public sealed class SecretOutputTests : IDisposable
{
    const string Secret = "hunter2-6f1c9e";

    readonly TemporaryCheckout checkout = new();

    public void Dispose() => checkout.Dispose();

    public static TheoryData<string> Verbs => ["ls", "status", "doctor", "show @last", "key ls", "key add a --role reader", "models", "watch @last", "cancel @last", "schedule ls", "up --help"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_key_is_repeated_by_no_verb(string line)
    {
        foreach (var key in new[] { $"kdr_{Secret}", $"kdr_{Secret}\nsecond", $"kdr_{Secret}\u00e9", $"kdr {Secret}" })
        {
            var said = await new CommandLine(checkout.Folders, "http://127.0.0.1:1", key).Run(line.Split(' '));
            (said.Out + said.Error).ShouldNotContain(Secret);
            (said.Out + said.Error).ShouldNotContain("   at ");
        }
    }

    [Theory]
    [InlineData("kdr_x\nsecond")]
    [InlineData("kdr_\u00e9")]
    [InlineData("kdr x")]
    public async Task A_key_that_can_be_none_is_refused_in_words_before_anything_is_sent(string key)
    {
        var said = await new CommandLine(checkout.Folders, "http://127.0.0.1:1", key).Run("ls");
        said.ExitCode.ShouldBe(ExitCode.NotAllowed, said.Error);
        said.Error.ShouldContain("expected kdr_ and 43 letters, digits, - and _ on one line");
    }

    [Theory]
    [InlineData("http://ada:{0}@127.0.0.1:1")]
    [InlineData("http://{0}@127.0.0.1:1/")]
    [InlineData("postgres://ada:{0}@127.0.0.1/kdr")]
    [InlineData("ada:{0}@127.0.0.1")]
    public async Task A_password_in_an_address_is_refused_and_not_repeated(string server)
    {
        var named = server.Replace("{0}", Secret, StringComparison.Ordinal);
        foreach (var said in new[] { await new CommandLine(checkout.Folders, named, "kdr_x").Run("ls"), await new CommandLine(checkout.Folders, key: "kdr_x").Run("ls", "--server", named) })
        {
            said.ExitCode.ShouldBe(ExitCode.Usage, said.Error);
            said.Error.ShouldContain("holds no user and no password");
            (said.Out + said.Error).ShouldNotContain(Secret);
        }
    }
}
