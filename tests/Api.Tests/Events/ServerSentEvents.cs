using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace KdRobust.Api.Tests.Events;

/// <summary>One message as a client got it.</summary>
sealed record Heard(string Kind, string? Id, JsonNode Content);

/// <summary>A client of the event stream that reads until it has heard enough.</summary>
static class ServerSentEvents
{
    /// <summary>Reads messages until one satisfies <paramref name="enough"/>, then hangs up.</summary>
    public static async Task<List<Heard>> Listen(this HttpClient client, string topics, Func<Heard, bool> enough, string? lastEventId = null, Func<Task>? meanwhile = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events?topics={topics}");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var heard = new List<Heard>();
        var acting = meanwhile is null ? Task.CompletedTask : meanwhile();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
        {
            heard.Add(new Heard(item.EventType, item.EventId, JsonNode.Parse(item.Data)!));
            if (enough(heard[^1])) break;
        }
        await acting;
        return heard;
    }

    public static bool IsState(this Heard message, Guid job, string to) =>
        message.Kind == "state" && message.Content["jobId"]!.GetValue<Guid>() == job && message.Content["to"]!.GetValue<string>() == to;

    /// <summary>States of a job in the order they were heard.</summary>
    public static IEnumerable<string> States(this IEnumerable<Heard> heard, Guid job) =>
        heard.Where(m => m.Kind == "state" && m.Content["jobId"]!.GetValue<Guid>() == job).Select(m => m.Content["to"]!.GetValue<string>());

    public static IEnumerable<long> Steps(this IEnumerable<Heard> heard) =>
        heard.Where(m => m.Kind == "metrics").SelectMany(m => m.Content["metrics"]!.AsArray()).Select(p => p!["step"]!.GetValue<long>());
}
