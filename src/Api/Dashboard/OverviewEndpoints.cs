using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text.Json;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Dashboard;

/// <summary>What the service does now: once, or as it changes.</summary>
static class OverviewEndpoints
{
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    public static void MapOverview(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/overview").WithTags("overview");
        group.MapGet("", Now).WithName("overview").WithSummary("Jobs by kind and state, workers, and what is in trouble");
        group.MapGet("/events", Follow).WithName("overviewEvents").Produces(200, contentType: "text/event-stream")
            .WithSummary("The overview as it changes")
            .WithDescription("Messages are overview (the whole, so that nothing is lost by a broken connection) and ping.");
    }

    static async Task<Ok<OverviewDocument>> Now(ClaimsPrincipal user, OverviewSource source, CancellationToken ct) =>
        TypedResults.Ok(await source.Read(user.Sees(), ct));

    static ServerSentEventsResult<string> Follow(
        ClaimsPrincipal user, OverviewSource source, ChangeFeed feed, ApiOptions options, ILogger<OverviewSource> log, IHostApplicationLifetime lifetime, CancellationToken ct) =>
        TypedResults.ServerSentEvents(Messages(user.Sees(), source, feed, options.KeepAlive, log, lifetime.ApplicationStopping, ct));

    static async IAsyncEnumerable<SseItem<string>> Messages(
        string? owner, OverviewSource source, ChangeFeed feed, TimeSpan keepAlive, ILogger log, CancellationToken stopping, [EnumeratorCancellation] CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
        var changes = feed.Listen(null, either.Token).GetAsyncEnumerator(either.Token);
        var next = changes.MoveNextAsync().AsTask();
        var told = "";
        try
        {
            while (true)
            {
                var heard = await Task.WhenAny(next, Task.Delay(keepAlive, either.Token)) == next;
                if (either.IsCancellationRequested) yield break;
                if (heard) next = changes.MoveNextAsync().AsTask();
                var (text, facts) = heard ? await Read(owner, source, log, either.Token) : ("{}", told);
                if (text is null) yield break; // The client comes back, and reads the whole again.
                // Only clocks moved: a ping says as much with less.
                yield return facts == told ? new SseItem<string>("{}", "ping") { ReconnectionInterval = Retry } : new SseItem<string>(text, "overview") { ReconnectionInterval = Retry };
                told = facts;
            }
        }
        finally
        {
            await either.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await changes.DisposeAsync();
        }
    }

    static async Task<(string? Text, string Facts)> Read(string? owner, OverviewSource source, ILogger log, CancellationToken ct)
    {
        try
        {
            var document = await source.Read(owner, ct);
            return (JsonSerializer.Serialize(document, SpecJson.Options), JsonSerializer.Serialize(document with { Jobs = document.Jobs with { At = default } }, SpecJson.Options));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return (null, "");
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            ApiLog.StreamEnded(log, error.Message);
            return (null, "");
        }
    }
}
