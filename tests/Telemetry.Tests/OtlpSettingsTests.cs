namespace KdRobust.Telemetry.Tests;

public sealed class OtlpSettingsTests
{
    static OtlpSettings? Read(string? endpoint, string? headers = null, string? file = null) => OtlpSettings.Read(name => name switch
    {
        OtlpSettings.EndpointVariable => endpoint,
        OtlpSettings.HeadersVariable => headers,
        OtlpSettings.HeadersFileVariable => file,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a variable of telemetry"),
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Nothing_is_sent_unless_an_endpoint_is_named(string? endpoint) => Read(endpoint).ShouldBeNull();

    [Theory]
    [InlineData("http://localhost:5341/ingest/otlp")]
    [InlineData("http://localhost:5341/ingest/otlp/")]
    public void Each_signal_has_its_address(string endpoint) =>
        Read(endpoint)!.Of("logs").ShouldBe(new Uri("http://localhost:5341/ingest/otlp/v1/logs"));

    [Theory]
    [InlineData("localhost:5341")]
    [InlineData("ftp://localhost/otlp")]
    [InlineData("/ingest/otlp")]
    [InlineData("http://user:s3cret@localhost/otlp")]
    [InlineData("http://localhost/otlp?key=s3cret")]
    public void A_wrong_endpoint_is_refused_and_not_repeated(string endpoint)
    {
        var refused = Should.Throw<TelemetrySettingException>(() => Read(endpoint)).Message;
        refused.ShouldStartWith("KDR_OTLP_ENDPOINT: expected http:// or https://");
        refused.ShouldNotContain("s3cret");
    }

    [Fact]
    public void An_endpoint_of_one_signal_is_refused() =>
        Should.Throw<TelemetrySettingException>(() => Read("http://localhost:4318/v1/traces")).Message.ShouldContain("ends in /v1/traces: leave that away");

    [Theory]
    [InlineData("X-Seq-ApiKey=abc", "X-Seq-ApiKey=abc")]
    [InlineData("a=b, Authorization=Bearer x.y%z==", "a=b,Authorization=Bearer x.y%z==")]
    public void Headers_are_names_and_values(string text, string read) => Read("http://localhost", text)!.Headers.ShouldBe(read);

    [Theory]
    [InlineData("s3cret")]
    [InlineData("a=b,s3cret")]
    [InlineData("a b=s3cret")]
    [InlineData("a=s3cret\u00e9")]
    [InlineData("a=s3cret\r\nb: c")]
    public void A_wrong_header_is_refused_by_its_place_and_not_repeated(string headers)
    {
        var refused = Should.Throw<TelemetrySettingException>(() => Read("http://localhost", headers)).Message;
        refused.ShouldMatch("^KDR_OTLP_HEADERS: entry [12] of [12] is not of the form name=value");
        refused.ShouldNotContain("s3cret");
    }

    [Fact]
    public void Headers_come_from_a_file_as_well()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "X-Seq-ApiKey=abc\n\nb=c\n");
            Read("http://localhost", file: file)!.Headers.ShouldBe("X-Seq-ApiKey=abc,b=c");
            Should.Throw<TelemetrySettingException>(() => Read("http://localhost", "a=b", file)).Message.ShouldContain("both set");
        }
        finally
        {
            File.Delete(file);
        }
        Should.Throw<TelemetrySettingException>(() => Read("http://localhost", file: file)).Message.ShouldContain($"{file} cannot be read");
    }

    [Fact]
    public void Headers_without_an_endpoint_are_a_mistake() =>
        Should.Throw<TelemetrySettingException>(() => Read(null, "a=b")).Message.ShouldContain("KDR_OTLP_ENDPOINT is not");
}
