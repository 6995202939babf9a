using System.Net.Sockets;
using System.Text;
using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>Requests that no HTTP client sends: cut short, contradicting themselves, or no HTTP at all.</summary>
public sealed class BrokenTransferTests(FuzzedApi api) : IClassFixture<FuzzedApi>
{
    public static TheoryData<string, string, string> Broken => new()
    {
        { "a body shorter than it says", "POST /v1/experiments HTTP/1.1\r\n{0}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"name\":", "cut" },
        { "a body shorter than it says, read by the framework", "POST /v1/keys HTTP/1.1\r\n{0}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"owner\":", "cut" },
        { "a chunk that is none", "POST /v1/experiments HTTP/1.1\r\n{0}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "400" },
        { "a last chunk that never comes", "POST /v1/sweeps HTTP/1.1\r\n{0}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "cut" },
        { "a file cut short", "POST /v1/models?name=cut HTTP/1.1\r\n{0}Content-Type: application/octet-stream\r\nContent-Length: 5000\r\n\r\nabc", "cut" },
        { "a file whose chunk is none", "POST /v1/models?name=cut HTTP/1.1\r\n{0}Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", "400" },
        { "two lengths", "POST /v1/experiments HTTP/1.1\r\n{0}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", "400" },
        { "a length below nothing", "POST /v1/experiments HTTP/1.1\r\n{0}Content-Length: -1\r\n\r\n", "400" },
        { "a length and chunks", "POST /v1/plan HTTP/1.1\r\n{0}Content-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "400" },
        { "a header with a zero byte", "GET /v1/experiments HTTP/1.1\r\n{0}X: a\0b\r\n\r\n", "400" },
        { "an address with a zero byte", "GET /v1/experi\0ments HTTP/1.1\r\n{0}\r\n", "400" },
        { "no address", "GET  HTTP/1.1\r\n{0}\r\n", "400" },
        { "no HTTP", "\u0016\u0003\u0001\u0002\0hello\r\n\r\n", "400" },
        { "headers without end", "GET /v1/experiments HTTP/1.1\r\n{0}X: " + new string('x', 60_000) + "\r\n\r\n", "431" },
        { "an address without end", "GET /v1/experiments?name=" + new string('x', 20_000) + " HTTP/1.1\r\n{0}\r\n", "414" },
    };

    [PostgresTheory]
    [MemberData(nameof(Broken))]
    public async Task What_is_no_whole_request_is_refused_and_changes_nothing(string what, string request, string status)
    {
        var head = $"Host: {new Uri(api.Address).Authority}\r\nAuthorization: Bearer {await api.Key("breaker", ApiKeyRole.Admin)}\r\nConnection: close\r\n";
        var answer = await Send(Encoding.Latin1.GetBytes(request.Replace("{0}", head, StringComparison.Ordinal)), status == "cut");
        // Who hangs up in the middle is not answered.
        if (status == "cut") answer.ShouldBeEmpty(what);
        else answer.ShouldStartWith($"HTTP/1.1 {status}", customMessage: what);
        answer.ShouldNotContain("   at ");
        answer.ShouldNotContain("Exception");
        (await api.Database.Scalar<long>("SELECT count(*) FROM experiment WHERE owner = 'breaker'")).ShouldBe(0);
        (await api.Database.Scalar<long>("SELECT count(*) FROM model_file WHERE owner = 'breaker'")).ShouldBe(0);
        api.Faults().ShouldBeEmpty(what);
        await api.Bob.SubmitSample();
    }

    // Sends it, hangs up or waits for more, and reads all that comes.
    async Task<string> Send(byte[] bytes, bool cut)
    {
        var address = new Uri(api.Address);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var connection = new TcpClient();
        await connection.ConnectAsync(address.Host, address.Port, patience.Token);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(bytes, patience.Token);
        if (cut) connection.Client.Shutdown(SocketShutdown.Send);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException) when (cut || answer.Length > 0)
        {
            // Closed with bytes of ours unread: what was answered before is what counts.
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
