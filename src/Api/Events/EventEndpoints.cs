using System.Net.ServerSentEvents;
using KdRobust.Api.Access;
using KdRobust.Api.Dashboard;
using KdRobust.Api.Hosting;
using KdRobust.Api.Requests;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Sweeps;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Events;

/// <summary>Live news as server-sent events.</summary>
static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/events", Follow).WithTags("events").WithName("events").AsStream().Produces(200, contentType: "text/event-stream")
            .ProducesProblem(400).ProducesProblem(404)
            .WithSummary("What happens to experiments and jobs, live")
            .WithDescription(
                "topics=experiment:ID,job:ID,sweep:ID, or overview alone. Messages are state (one line of a job's history), progress (where a running job is), experiment (its summary), sweep (its summary: how many points are in which state, at most every two seconds), metrics (only for job topics), overview (the whole of it) and ping. "
                + "Begins with the whole history; with Last-Event-ID, after that message. Nothing is lost between the two.");

    static async Task<Results<ServerSentEventsResult<string>, ProblemHttpResult>> Follow(
        string? topics, HttpContext context, ExperimentStore experiments, JobStore jobs, SweepStore sweeps, NewsDesk news, ChangeFeed feed, OverviewSource overviews, ApiKeyStore keys, ApiOptions options,
        ILogger<EventStream> log, IHostApplicationLifetime lifetime, CancellationToken ct)
    {
        if (topics == OverviewStream.Topic)
            return Answer(OverviewStream.Messages(context.User.Sees(), overviews, feed, options.KeepAlive, log, lifetime.ApplicationStopping, ct));
        var (found, refused) = await EventTopics.Read(topics, context.User.Sees(), experiments, jobs, sweeps, ct);
        if (refused is not null) return refused;
        // A reconnecting EventSource sends the header; a new one that continues from a stored place has only the address.
        var last = context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? context.Request.Query["lastEventId"].FirstOrDefault();
        var stream = new EventStream(found!, EventCursor.Read(last, found!.Jobs.Count), experiments, news, sweeps, feed.Listen, options.KeepAlive, log);
        return Answer(Until(lifetime.ApplicationStopping, stream, ct));

        ServerSentEventsResult<string> Answer(IAsyncEnumerable<SseItem<string>> messages) =>
            TypedResults.ServerSentEvents(messages.WhileItOpens(keys, context.User.KeyId(), options.KeepAlive, log, ct));
    }

    /// <summary>The stream's messages until the client or this service leaves.</summary>
    static async IAsyncEnumerable<SseItem<string>> Until(CancellationToken stopping, EventStream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
        var messages = stream.Messages(either.Token).GetAsyncEnumerator(either.Token);
        await using var _ = messages;
        while (await Next(messages)) yield return messages.Current;

        async Task<bool> Next(IAsyncEnumerator<SseItem<string>> from)
        {
            try
            {
                return await from.MoveNextAsync();
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
