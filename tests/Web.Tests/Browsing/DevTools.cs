using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;

namespace KdRobust.Web.Tests.Browsing;

/// <summary>The Chrome DevTools protocol: numbered requests, their answers, and events, over one web socket.</summary>
sealed class DevTools : IAsyncDisposable
{
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(60);

    readonly ClientWebSocket socket = new();
    readonly CancellationTokenSource ending = new();
    readonly SemaphoreSlim sending = new(1);
    readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> waiting = new();
    Task reading = Task.CompletedTask;
    int last;

    /// <summary>What the browser tells unasked.</summary>
    public event EventHandler<ToldEventArgs>? Told;

    public static async Task<DevTools> Connect(Uri address)
    {
        var tools = new DevTools();
        await tools.socket.ConnectAsync(address, CancellationToken.None);
        tools.reading = tools.Read();
        return tools;
    }

    /// <summary>Asks and waits for the answer.</summary>
    public async Task<JsonElement> Send(string method, object parameters, string? session = null)
    {
        var id = Interlocked.Increment(ref last);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;
        var text = session is null
            ? JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters })
            : JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters, sessionId = session });
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
        return await answer.Task.WaitAsync(LongestAnswer);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        ending.Dispose();
    }

    async Task Read()
    {
        var buffer = new byte[64 << 10];
        using var message = new MemoryStream();
        while (!ending.IsCancellationRequested)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), ending.Token);
            if (part.MessageType == WebSocketMessageType.Close) return;
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage) continue;
            using var document = JsonDocument.Parse(message.ToArray());
            message.SetLength(0);
            Take(document.RootElement.Clone());
        }
    }

    void Take(JsonElement message)
    {
        if (!message.TryGetProperty("id", out var id))
        {
            Told?.Invoke(this, new(message.TryGetProperty("sessionId", out var session) ? session.GetString()! : "", message.GetProperty("method").GetString()!, message.GetProperty("params")));
            return;
        }
        if (!waiting.TryRemove(id.GetInt32(), out var answer)) return;
        if (message.TryGetProperty("error", out var error)) answer.TrySetException(new InvalidOperationException($"the browser refuses: {error.GetRawText()}"));
        else answer.TrySetResult(message.GetProperty("result"));
    }
}

/// <summary>An event of the protocol.</summary>
/// <param name="session">Whose it is; empty for the browser's own.</param>
/// <param name="method">Which.</param>
/// <param name="said">Its parameters.</param>
sealed class ToldEventArgs(string session, string method, JsonElement said) : EventArgs
{
    public string Session => session;
    public string Method => method;
    public JsonElement Said => said;
}
