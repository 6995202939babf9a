using System.IO.Compression;
using System.Net;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>A packed bomb stays packed.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PackedBombTests(FuzzedApi api) : IClassFixture<FuzzedApi>
{
    [PostgresFact]
    public async Task A_bomb_of_a_gigabyte_in_a_megabyte_costs_what_its_bytes_cost()
    {
        var bomb = HostileBody.Compressed(new byte[1 << 30], stream => new GZipStream(stream, CompressionLevel.SmallestSize));
        bomb.Length.ShouldBeLessThan(2 << 20);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        foreach (var (type, encoding) in new[] { ("application/json", "gzip"), ("application/json", (string?)null) })
        {
            using var body = HostileBody.As(bomb, type, encoding);
            using var response = await api.Ada.PostAsync("/v1/experiments", body);
            response.StatusCode.ShouldBeOneOf(HttpStatusCode.UnsupportedMediaType, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest);
        }
        // Client and service together.
        (GC.GetTotalAllocatedBytes(precise: true) - before).ShouldBeLessThan(64L << 20);
    }
}
