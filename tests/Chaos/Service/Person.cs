using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace KdRobust.Chaos.Service;

/// <summary>What the service said, when it said something.</summary>
/// <param name="Status">0 when no replica gave an answer that settles the question.</param>
/// <param name="Body">The answer; null when it is no JSON.</param>
public sealed record Answer(int Status, JsonNode? Body)
{
    public bool IsYes => Status is >= 200 and < 300;

    /// <summary>What it made, where it was carried out when it was asked before and its answer is gone (e.g. because a replica died in between): <c>experiment:ID</c>, <c>job:ID</c>.</summary>
    public string? Effect => Status == 409 && Body?["type"]?.GetValue<string>() == "/problems/idempotency-answer-gone" ? Body["effect"]?.GetValue<string>() : null;

    /// <summary>The experiment that a submission made; null when it made none.</summary>
    public Guid? Experiment => Effect is { } effect ? Guid.Parse(effect.Split(':')[1]) : IsYes ? Body?["experiment"]?["id"]?.GetValue<Guid>() : null;

    /// <summary>The request was carried out or not: nobody knows.</summary>
    public bool IsUnknown => Status == 0;
}

/// <summary>
/// Somebody who asks over HTTP, asks again when nothing comes back, also another replica, always under the same Idempotency-Key,
/// and believes what is answered.
/// </summary>
public sealed class Person(IReadOnlyList<Replica> replicas, TimeSpan patience) : IDisposable
{
    readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(10) };
    int asked;

    /// <summary>Asks one thing until somebody answers it.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">With its query.</param>
    /// <param name="body">JSON; null for none.</param>
    public async Task<Answer> Ask(HttpMethod method, string path, string? body = null)
    {
        var key = Guid.NewGuid().ToString();
        for (var end = Environment.TickCount64 + (long)patience.TotalMilliseconds; Environment.TickCount64 < end; await Task.Delay(150))
        {
            var replica = replicas[Interlocked.Increment(ref asked) % replicas.Count];
            if (!File.Exists(replica.KeyFile))
                continue;
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(replica.Address, path));
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(replica.KeyFile)).Trim());
                if (method == HttpMethod.Post)
                {
                    request.Headers.Add("Idempotency-Key", key);
                    request.Content = new StringContent(body ?? "", Encoding.UTF8, "application/json");
                }
                using var answer = await client.SendAsync(request);
                // In trouble, or still at it: the question stays open.
                if ((int)answer.StatusCode >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || IsInProgress(answer))
                    continue;
                return new Answer((int)answer.StatusCode, Parsed(await answer.Content.ReadAsStringAsync()));
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException)
            {
                // It died while it was asked, or before.
            }
        }
        return new Answer(0, null);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    static bool IsInProgress(HttpResponseMessage answer) => answer.StatusCode == HttpStatusCode.Conflict && answer.Headers.RetryAfter is not null;

    static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
