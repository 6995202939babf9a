using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace KdRobust.Support.Otlp;

/// <summary>A collector on loopback that keeps and decodes whatever is sent to it, at the path where Seq listens.</summary>
public sealed class OtlpReceiver : IDisposable
{
    const string Path = "/ingest/otlp";

    readonly HttpListener listener;
    readonly ConcurrentQueue<(string Signal, string Key, byte[] Body)> requests = new();

    /// <summary>Begins to listen.</summary>
    public OtlpReceiver()
    {
        var port = FreePort.Take();
        Endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{Path}");
        listener = new HttpListener { Prefixes = { string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/") } };
        listener.Start();
        _ = Receive();
    }

    /// <summary>What KDR_OTLP_ENDPOINT is set to.</summary>
    public string Endpoint { get; }

    /// <summary>Log events until now.</summary>
    public IReadOnlyList<OtlpLog> Logs => [.. Of("logs").SelectMany(OtlpSignals.Logs)];

    /// <summary>Spans until now.</summary>
    public IReadOnlyList<OtlpSpan> Spans => [.. Of("traces").SelectMany(OtlpSignals.Spans)];

    /// <summary>Points of metrics until now.</summary>
    public IReadOnlyList<OtlpPoint> Points => [.. Of("metrics").SelectMany(OtlpSignals.Points)];

    /// <summary>The keys (X-Seq-ApiKey) that requests carried, each once.</summary>
    public IReadOnlyList<string> Keys => [.. requests.Select(request => request.Key).Distinct(StringComparer.Ordinal)];

    /// <summary>Every body as text, whatever its bytes: what a search for a secret looks through.</summary>
    public string Everything => string.Join('\n', requests.Select(request => Encoding.Latin1.GetString(request.Body)));

    /// <inheritdoc/>
    public void Dispose() => listener.Close();

    IEnumerable<byte[]> Of(string signal) => requests.Where(request => request.Signal == signal).Select(request => request.Body);

    async Task Receive()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                var address = context.Request.Url!.AbsolutePath;
                var known = address.StartsWith($"{Path}/v1/", StringComparison.Ordinal) && context.Request.ContentType == "application/x-protobuf";
                if (known)
                    requests.Enqueue((address[(Path.Length + 4)..], context.Request.Headers["X-Seq-ApiKey"] ?? "", body.ToArray()));
                context.Response.StatusCode = known ? 200 : 404;
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Closed, or a sender that went away in the middle.
            }
        }
    }
}
