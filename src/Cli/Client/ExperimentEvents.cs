using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace KdRobust.Cli.Client;

/// <summary>A message of the event stream.</summary>
abstract record ServiceMessage;

sealed record JobChanged(StateMessage State) : ServiceMessage;

sealed record JobProgressed(ProgressMessage Progress) : ServiceMessage;

sealed record ExperimentChanged(ExperimentSummary Experiment) : ServiceMessage;

/// <summary>Numbers a job measured; told of a job that is followed by itself.</summary>
sealed record JobMeasured(MetricsMessage Metrics) : ServiceMessage;

/// <summary>The connection broke and is being made anew; nothing will be missing.</summary>
sealed record StreamInterrupted(string Reason) : ServiceMessage;

/// <summary>Follows an experiment; a broken connection is made anew from the last message heard.</summary>
sealed class ExperimentEvents(ServiceClient client, TimeProvider time)
{
    /// <summary>Longest silence before a connection counts as broken; the service gives a sign of life every 10 s.</summary>
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(35);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long a service may be away before we give up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>An experiment's messages, the history first, until <paramref name="ct"/> or the service's patience ends it.</summary>
    public IAsyncEnumerable<ServiceMessage> Follow(Guid experiment, CancellationToken ct) => Follow($"experiment:{experiment}", ct);

    /// <summary>The same of any topics, e.g. <c>job:ID</c>.</summary>
    public async IAsyncEnumerable<ServiceMessage> Follow(string topics, [EnumeratorCancellation] CancellationToken ct)
    {
        string? last = null;
        var heardAt = time.GetTimestamp();
        while (true)
        {
            string reason;
            await using (var connection = new Connection(client, topics, last))
            {
                while (await connection.Next(LongestSilence, ct))
                {
                    heardAt = time.GetTimestamp();
                    last = connection.Current.EventId ?? last;
                    if (Read(connection.Current) is { } message) yield return message;
                }
                reason = connection.Broken is CommandFailedException { ExitCode: not ExitCode.Unreachable } refused ? throw refused : connection.Broken?.Message ?? "the service closed it";
                if (time.GetElapsedTime(heardAt) > Patience)
                    throw connection.Broken as CommandFailedException ?? new CommandFailedException(ExitCode.Unreachable, $"the event stream of {client.Location.Address} stays broken: {reason}");
            }
            yield return new StreamInterrupted(reason);
            await Task.Delay(Pause, time, ct);
        }
    }

    static ServiceMessage? Read(SseItem<string> item) => item.EventType switch
    {
        "state" => new JobChanged(JsonSerializer.Deserialize<StateMessage>(item.Data, ServiceJson.Options)!),
        "progress" => new JobProgressed(JsonSerializer.Deserialize<ProgressMessage>(item.Data, ServiceJson.Options)!),
        "metrics" => new JobMeasured(JsonSerializer.Deserialize<MetricsMessage>(item.Data, ServiceJson.Options)!),
        "experiment" => new ExperimentChanged(JsonSerializer.Deserialize<ExperimentSummary>(item.Data, ServiceJson.Options)!),
        _ => null,
    };

    /// <summary>One connection, until it breaks.</summary>
    sealed class Connection(ServiceClient client, string topics, string? last) : IAsyncDisposable
    {
        HttpResponseMessage? response;
        IAsyncEnumerator<SseItem<string>>? items;

        public SseItem<string> Current => items!.Current;

        public Exception? Broken { get; private set; }

        public async Task<bool> Next(TimeSpan silence, CancellationToken ct)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(silence);
            try
            {
                if (items is null)
                {
                    response = await client.Events(topics, last, ct);
                    items = SseParser.Create(await response.Content.ReadAsStreamAsync(ct)).EnumerateAsync(ct).GetAsyncEnumerator(ct);
                }
                return await items.MoveNextAsync().AsTask().WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                Broken = new TimeoutException("nothing was heard for too long");
                return false;
            }
            catch (Exception error) when (error is IOException or HttpRequestException or CommandFailedException)
            {
                Broken = error;
                return false;
            }
        }

        public ValueTask DisposeAsync()
        {
            // Closing the response ends a read that is still under way; the enumerator itself holds nothing else.
            response?.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
