using System.IO.Compression;
using System.Net;
using KdRobust.Web.Tests.Host;

namespace KdRobust.Web.Tests;

/// <summary>How the page's files go out: compressed, kept as long as they may be, under a policy that lets nothing foreign in.</summary>
[Collection(nameof(Service))]
public sealed class FilesTests(Service service)
{
    const int Budget = 150 << 10;

    [PageFact]
    public async Task The_document_is_asked_for_again_each_time_and_lets_nothing_foreign_or_inline_in()
    {
        foreach (var path in (string[])["/", "/experiments", $"/experiments/{Guid.NewGuid()}", $"/jobs/{Guid.NewGuid()}", "/workers"])
        {
            using var answer = await service.Api.Anonymous.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            answer.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
            answer.Headers.CacheControl!.NoCache.ShouldBeTrue();
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            policy.ShouldStartWith("default-src 'none'; script-src 'self'; style-src 'self';");
            policy.ShouldNotContain("unsafe");
            answer.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");

            using var again = new HttpRequestMessage(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
            using var unchanged = await service.Api.Anonymous.SendAsync(again);
            unchanged.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        }
    }

    [PageFact]
    public async Task Its_parts_are_kept_for_ever_come_as_small_as_the_client_can_read_and_stay_within_the_budget()
    {
        var document = await service.Api.Anonymous.GetStringAsync("/");
        var parts = System.Text.RegularExpressions.Regex.Matches(document, "(?:src|href)=\"(/assets/[^\"]+)\"").Select(match => match.Groups[1].Value).ToList();
        parts.Count.ShouldBe(2);
        var total = 0L;
        foreach (var part in parts)
        {
            var plain = await service.Api.Anonymous.GetByteArrayAsync(part);
            foreach (var encoding in (string[])["br", "gzip"])
            {
                using var ask = new HttpRequestMessage(HttpMethod.Get, part);
                ask.Headers.AcceptEncoding.ParseAdd(encoding);
                using var answer = await service.Api.Anonymous.SendAsync(ask);
                answer.Content.Headers.ContentEncoding.ShouldBe([encoding]);
                answer.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
                answer.Headers.Vary.ShouldBe(["Accept-Encoding"]);
                await using var body = await answer.Content.ReadAsStreamAsync();
                await using Stream open = encoding == "br" ? new BrotliStream(body, CompressionMode.Decompress) : new GZipStream(body, CompressionMode.Decompress);
                using var read = new MemoryStream();
                await open.CopyToAsync(read);
                read.ToArray().ShouldBe(plain);
                if (encoding == "gzip") total += answer.Content.Headers.ContentLength!.Value;
            }
        }
        total.ShouldBeLessThan(Budget);
    }

    [PageFact]
    public async Task What_is_no_file_of_the_page_is_refused_as_everywhere()
    {
        foreach (var path in (string[])["/assets/none.js", "/assets/../index.html.br", "/index.html.gz", "/%2e%2e/etc/passwd", "/nothing"])
        {
            using var answer = await service.Api.Admin.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
        }
        using var post = await service.Api.Admin.PostAsync("/experiments", null);
        post.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
