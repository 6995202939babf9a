using System.IO.Compression;
using System.Net;
using System.Text;
using KdRobust.Api.Tests.Description;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>Bodies are read as they come: what is packed or written in another alphabet is refused before it is taken for something else.</summary>
public sealed class BodyEncodingTests(FuzzedApi api) : IClassFixture<FuzzedApi>
{
    [PostgresTheory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("x-made-up")]
    public async Task A_packed_body_is_refused_by_every_operation_and_never_stored_as_it_is(string encoding)
    {
        var packed = HostileBody.Compressed(Encoding.UTF8.GetBytes(SmallSpec.Unique()), stream => new GZipStream(stream, CompressionLevel.Fastest));
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.BodyType is not null))
        {
            using var body = HostileBody.As(packed, operation.BodyType!, encoding);
            using var request = operation.Request((_, example) => example?.ToString(), body);
            using var response = await api.Admin.SendAsync(request);
            var problem = await response.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "body-encoded");
            problem["detail"]!.GetValue<string>().ShouldContain($"Content-Encoding is {encoding}; expected none", customMessage: operation.Id);
        }
        (await api.Database.Scalar<long>("SELECT count(*) FROM model_file")).ShouldBe(0);
    }

    [PostgresTheory]
    [InlineData("no-such-charset")]
    [InlineData("utf-7")]
    [InlineData("utf-16")]
    [InlineData("iso-8859-1")]
    [InlineData("")]
    public async Task A_body_in_another_alphabet_is_refused_by_every_operation(string charset)
    {
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.BodyType == "application/json"))
        {
            using var body = HostileBody.As(Encoding.UTF8.GetBytes(operation.Body!.ToJsonString()), $"application/json; charset={charset}", null);
            using var request = operation.Request((_, example) => example?.ToString(), body);
            using var response = await api.Admin.SendAsync(request);
            (await response.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "body-encoded"))["detail"]!.GetValue<string>().ShouldContain($"charset is {charset}; expected utf-8", customMessage: operation.Id);
        }
    }

    [PostgresFact]
    public async Task A_body_that_is_no_UTF_8_is_told_the_byte()
    {
        using var body = HostileBody.As([.. "{\"name\": \""u8, 0xFF, .. "\"}"u8], "application/json", null);
        using var response = await api.Ada.PostAsync("/v1/experiments", body);
        (await response.ShouldBeProblem(HttpStatusCode.BadRequest, "bad-request"))["detail"]!.GetValue<string>().ShouldBe("the body is not UTF-8: byte 0xFF at place 10; expected JSON in UTF-8");
    }
}
