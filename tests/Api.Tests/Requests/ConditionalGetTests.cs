using System.Net;
using System.Net.Http.Headers;
using KdRobust.Api.Tests.Host;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Requests;

public sealed class ConditionalGetTests(RunningApi api) : IClassFixture<RunningApi>
{
    async Task<HttpResponseMessage> Get(string address, EntityTagHeaderValue? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        return await api.Ada.SendAsync(request);
    }

    [PostgresFact]
    public async Task What_has_not_changed_is_304_without_a_body_and_what_has_is_sent()
    {
        var id = await api.Ada.SubmitSample();
        foreach (var address in new[] { $"/v1/experiments/{id}", "/v1/experiments", "/v1/jobs", "/v1/queues", "/v1/datasets", "/v1/workers", $"/v1/experiments/{id}/report.html", $"/v1/experiments/{id}/figures/figure2.svg" })
        {
            using var first = await Get(address);
            first.StatusCode.ShouldBe(HttpStatusCode.OK, address);
            var tag = first.Headers.ETag.ShouldNotBeNull(address);
            first.Headers.CacheControl!.NoCache.ShouldBeTrue();
            if (address == "/v1/queues") continue; // Its oldest job ages while we look.
            using var second = await Get(address, tag);
            second.StatusCode.ShouldBe(HttpStatusCode.NotModified, address);
            second.Headers.ETag.ShouldBe(tag);
            (await second.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
        }
        using var before = await Get($"/v1/experiments/{id}");
        using (await api.Ada.PostAsync($"/v1/experiments/{id}/cancel", null)) { }
        using var after = await Get($"/v1/experiments/{id}", before.Headers.ETag);
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
        after.Headers.ETag.ShouldNotBe(before.Headers.ETag);
    }

    [PostgresFact]
    public async Task A_refusal_and_a_stream_have_no_tag()
    {
        using var missing = await Get($"/v1/experiments/{Guid.NewGuid()}");
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        missing.Headers.ETag.ShouldBeNull();
        var id = await api.Ada.SubmitSample();
        using var stream = await api.Ada.GetAsync($"/v1/events?topics=experiment:{id}", HttpCompletionOption.ResponseHeadersRead);
        stream.Headers.ETag.ShouldBeNull();
    }
}
