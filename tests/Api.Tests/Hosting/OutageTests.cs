using System.Net;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Persistence.Keys;
using KdRobust.Support;
using Microsoft.Extensions.DependencyInjection;

namespace KdRobust.Api.Tests.Hosting;

public sealed class OutageTests
{
    [PrivatePostgresFact]
    public async Task While_the_database_is_away_requests_say_so_and_afterwards_they_work()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await cluster.CreateDatabase();
        var options = new ApiOptions { Database = database.ConnectionString, Listen = new(IPAddress.Loopback, 0) };
        await using var app = ApiApplication.Build(options);
        var address = await ApiProcess.Start(app, options); // Migrates the empty database.
        var key = ApiKeyStore.NewKey();
        await app.Services.GetRequiredService<ApiKeyStore>().Add(key, "ada", ApiKeyRole.Submitter, "test");
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        await client.SubmitSample();

        await cluster.Stop();
        using (var response = await client.PostAsync("/v1/experiments", Answers.Json(SmallSpec.Unique())))
        {
            await response.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "database-away");
            response.Headers.RetryAfter.ShouldNotBeNull();
        }
        using (var response = await client.GetAsync("/readyz")) response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using (var response = await client.GetAsync("/healthz")) response.StatusCode.ShouldBe(HttpStatusCode.OK);

        await cluster.Start();
        using (var response = await client.GetAsync("/readyz")) response.StatusCode.ShouldBe(HttpStatusCode.OK);
        await client.SubmitSample();
    }
}
