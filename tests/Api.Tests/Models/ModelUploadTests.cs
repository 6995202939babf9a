using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Models;

/// <summary>What comes in by POST /v1/models, and what does not.</summary>
public sealed class ModelUploadTests(RunningApi api) : IClassFixture<RunningApi>
{
    Task<long> Stored() => api.Database.Scalar<long>("SELECT count(*) FROM model_file");

    [PostgresFact]
    public async Task A_file_comes_back_byte_for_byte_under_its_name()
    {
        var content = RandomNumberGenerator.GetBytes(5_000_001); // Three chunks, the last one odd.
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        using var response = await api.Ada.Upload(content, "Wide ResNet 28-4 \u03b5=8.pth.tar");
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response.Headers.Location!.ToString().ShouldBe($"/v1/models/{sha256}");
        var file = (await response.Body())!;
        file["sha256"]!.GetValue<string>().ShouldBe(sha256);
        file["name"]!.GetValue<string>().ShouldBe("Wide ResNet 28-4 \u03b5=8.pth.tar");
        file["bytes"]!.GetValue<long>().ShouldBe(content.Length);
        file["owner"]!.GetValue<string>().ShouldBe("ada");

        using var back = await api.AdaReads.GetAsync($"/v1/models/{sha256}/content");
        back.StatusCode.ShouldBe(HttpStatusCode.OK);
        back.Content.Headers.ContentType!.MediaType.ShouldBe("application/octet-stream");
        back.Content.Headers.ContentLength.ShouldBe(content.Length);
        back.Headers.ETag!.Tag.ShouldBe($"\"{sha256}\"");
        back.Content.Headers.ContentDisposition!.FileNameStar.ShouldBe("Wide ResNet 28-4 \u03b5=8.pth.tar");
        (await back.Content.ReadAsByteArrayAsync()).ShouldBe(content);
    }

    [PostgresFact]
    public async Task The_same_file_again_is_200_and_keeps_its_first_name()
    {
        var content = RandomNumberGenerator.GetBytes(100);
        using (var first = await api.Ada.Upload(content, "first")) first.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var second = await api.Ada.Upload(content, "second");
        second.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await second.Body())!["name"]!.GetValue<string>().ShouldBe("first");
        using var bobs = await api.Bob.Upload(content, "second");
        bobs.StatusCode.ShouldBe(HttpStatusCode.Created, "another owner's is another file");
    }

    [PostgresTheory]
    [InlineData("", "name is missing")]
    [InlineData("?name=", "name is missing")]
    [InlineData("?name=%20", "name is missing")]
    [InlineData("?name=a%0Ab", "control character")]
    [InlineData("?name=a%00", "control character")]
    [InlineData("?name=LONG", "name has 201 characters; expected 1 to 200")]
    public async Task A_file_needs_a_name_for_people(string query, string detail)
    {
        var before = await Stored();
        using var body = Binary([1, 2, 3]);
        using var response = await api.Ada.PostAsync($"/v1/models{query.Replace("LONG", new string('x', 201), StringComparison.Ordinal)}", body);
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain(detail);
        (await Stored()).ShouldBe(before);
    }

    [PostgresTheory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused_with_what_to_send(string? type)
    {
        using var body = Binary([1, 2, 3]);
        body.Headers.Remove("Content-Type");
        if (type is not null) body.Headers.Add("Content-Type", type);
        using var response = await api.Ada.PostAsync("/v1/models?name=x", body);
        var detail = (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>();
        detail.ShouldContain($"Content-Type is {type ?? "missing"}");
        detail.ShouldContain("expected application/octet-stream");
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_body_is_refused(bool chunked)
    {
        using var response = await api.Ada.SendAsync(Request([], chunked));
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldContain("the body is empty");
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_too_large_is_413_and_says_how_much_is_taken_whether_or_not_it_says_its_length(bool chunked)
    {
        var before = await Stored();
        using (var response = await api.Ada.SendAsync(Request(new byte[RunningApi.LargestModel + 1], chunked)))
            (await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large"))["detail"]!.GetValue<string>().ShouldContain("at most 6291456 bytes");
        (await Stored()).ShouldBe(before);
        using (var largest = await api.Ada.SendAsync(Request(RandomNumberGenerator.GetBytes((int)RunningApi.LargestModel), chunked)))
            largest.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_lost_in_the_middle_leaves_nothing_visible_and_its_chunks_are_collected(bool reset)
    {
        await using var away = new RunningApiOfOneTest();
        await away.InitializeAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, new Uri(away.Api.Address).Port);
            await using var stream = client.GetStream();
            var head = string.Create(CultureInfo.InvariantCulture, $"POST /v1/models?name=half HTTP/1.1\r\nHost: x\r\nAuthorization: {away.Api.Ada.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/octet-stream\r\nContent-Length: 5000000\r\n\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            await stream.WriteAsync(RandomNumberGenerator.GetBytes(3_000_000));
            while (await away.Api.Database.Scalar<long>("SELECT count(*) FROM chunk") == 0) await Task.Delay(20);
            if (reset) client.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        // The service goes on, has nothing to show, and the collector takes what came.
        using (var whole = await away.Api.Ada.Upload([1, 2, 3], "whole")) whole.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await away.Api.Ada.GetJson("/v1/models"))!["items"]!.AsArray().Select(file => file!["name"]!.GetValue<string>()).ShouldBe(["whole"]);
        (await away.Api.Checkpoints.CollectGarbage(TimeSpan.Zero)).ShouldBe(1);
        (await away.Api.Database.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(1);
    }

    static ByteArrayContent Binary(byte[] content)
    {
        var body = new ByteArrayContent(content);
        body.Headers.ContentType = new("application/octet-stream");
        return body;
    }

    static HttpRequestMessage Request(byte[] content, bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models?name=x") { Content = Binary(content) };
        if (chunked) request.Headers.TransferEncodingChunked = true;
        return request;
    }

    /// <summary>A service whose chunks no other test touches.</summary>
    sealed class RunningApiOfOneTest : IAsyncDisposable
    {
        public RunningApi Api { get; } = new();

        public Task InitializeAsync() => Api.InitializeAsync();

        public async ValueTask DisposeAsync() => await Api.DisposeAsync();
    }
}
