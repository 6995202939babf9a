using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Tests.Hosting;

public sealed class ApiOptionsTests
{
    [Theory]
    [InlineData("0.0.0.0:5080")]
    [InlineData("192.168.1.7:80")]
    [InlineData("[::]:5080")]
    public void An_address_that_others_reach_needs_a_word(string address)
    {
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse(["--listen", address], "Host=x")).Message.ShouldContain("--allow-remote");
        ApiOptions.Parse(["--listen", address, "--allow-remote"], "Host=x").Listen.ToString().ShouldBe(address);
    }

    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("localhost:5080", "127.0.0.1:5080")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void Loopback_is_fine(string address, string expected) => ApiOptions.Parse(["--listen", address], "Host=x").Listen.ToString().ShouldBe(expected);

    [Theory]
    [InlineData("5080")]
    [InlineData("example.org:80")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("127.0.0.1")]
    public void What_is_no_address_is_refused(string address) =>
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse(["--listen", address], "Host=x")).Message.ShouldContain("expected an address and a port");

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("a while")]
    public void A_lease_is_a_number_of_seconds(string text)
    {
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse(["--lease", text], "Host=x")).Message.ShouldContain("1 to 86400");
        ApiOptions.Parse(["--lease", "15"], "Host=x").Lease.Lease.ShouldBe(TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1048577")]
    [InlineData("1 GiB")]
    public void The_largest_model_is_a_number_of_MiB(string text)
    {
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse(["--largest-model", text], "Host=x")).Message.ShouldContain("1 to 1048576");
        ApiOptions.Parse(["--largest-model", "3"], "Host=x").LargestModel.ShouldBe(3L << 20);
        ApiOptions.Parse([], "Host=x").LargestModel.ShouldBe(1L << 30);
    }

    [Fact]
    public void Without_a_database_it_says_which_variable() =>
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse([], null)).Message.ShouldContain("KDR_DATABASE");

    [Theory]
    [InlineData("--listen")]
    [InlineData("--verbose")]
    public void A_wrong_option_shows_the_right_ones(string option) =>
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse([option], "Host=x")).Message.ShouldContain("--key-file FILE");

    [Fact]
    public void The_described_example_is_a_valid_spec() => SpecReader.Read(ExampleSpec.Text).Problems.ShouldBeEmpty();

    [Fact]
    public void So_is_the_sample_of_these_tests() => SpecReader.Read(SmallSpec.Text).Problems.ShouldBeEmpty();
}
