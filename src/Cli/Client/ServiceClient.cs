using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace KdRobust.Cli.Client;

/// <summary>Asks the service, and turns its refusals into messages and exit codes.</summary>
sealed class ServiceClient : IDisposable
{
    readonly HttpClient http;

    public ServiceClient(ServiceLocation location)
    {
        Location = location;
        http = new HttpClient { BaseAddress = location.Address, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", location.Key);
    }

    public ServiceLocation Location { get; }

    /// <summary>Time that one request may take; streams are not limited by it.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Submits a spec.</summary>
    /// <returns>The experiment, and whether it is new.</returns>
    public async Task<(ExperimentDetail Detail, bool Created)> Submit(string spec, bool again, CancellationToken ct)
    {
        using var content = new StringContent(spec, Encoding.UTF8, "application/json");
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, $"/v1/experiments?again={(again ? "true" : "false")}") { Content = content }, HttpCompletionOption.ResponseContentRead, ct);
        return (await Read<ExperimentDetail>(response, ct), response.StatusCode == HttpStatusCode.Created);
    }

    public Task<Page<ExperimentSummary>> List(int limit, CancellationToken ct) => Get<Page<ExperimentSummary>>(string.Create(CultureInfo.InvariantCulture, $"/v1/experiments?limit={limit}"), ct);

    public Task<Page<ExperimentSummary>> Newest(string name, CancellationToken ct) => Get<Page<ExperimentSummary>>($"/v1/experiments?name={Uri.EscapeDataString(name)}", ct);

    public Task<ExperimentDetail> Experiment(Guid id, CancellationToken ct) => Get<ExperimentDetail>($"/v1/experiments/{id}", ct);

    public Task<JobDetail> Job(Guid id, CancellationToken ct) => Get<JobDetail>($"/v1/jobs/{id}", ct);

    public Task<IReadOnlyList<WorkerView>> Workers(CancellationToken ct) => Get<IReadOnlyList<WorkerView>>("/v1/workers", ct);

    public Task<ExperimentCancelled> CancelExperiment(Guid id, CancellationToken ct) => Post<ExperimentCancelled>($"/v1/experiments/{id}/cancel", ct);

    public Task<JobCancelled> CancelJob(Guid id, bool evenIfShared, CancellationToken ct) => Post<JobCancelled>($"/v1/jobs/{id}/cancel?evenIfShared={(evenIfShared ? "true" : "false")}", ct);

    /// <summary>Asks for what is at an address.</summary>
    public Task<T> Ask<T>(string address, CancellationToken ct) => Get<T>(address, ct);

    /// <summary>Has something done that answers; the body is JSON, or none.</summary>
    public async Task<T> Do<T>(string address, string? body, CancellationToken ct)
    {
        using var response = await Posted(address, body, ct);
        return await Read<T>(response, ct);
    }

    /// <summary>Has something done that answers nothing.</summary>
    public async Task Do(string address, CancellationToken ct)
    {
        using var response = await Posted(address, null, ct);
    }

    async Task<HttpResponseMessage> Posted(string address, string? body, CancellationToken ct)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await Send(new HttpRequestMessage(HttpMethod.Post, address) { Content = content }, HttpCompletionOption.ResponseContentRead, ct);
    }

    public Task<Page<ModelFile>> Models(int limit, CancellationToken ct) => Get<Page<ModelFile>>(string.Create(CultureInfo.InvariantCulture, $"/v1/models?limit={limit}"), ct);

    /// <summary>Uploads a file of weights.</summary>
    /// <param name="name">What it is to be called.</param>
    /// <param name="file">The file, open; its length must not change meanwhile.</param>
    /// <param name="sent">Told, again and again, how many bytes are gone.</param>
    /// <param name="ct">Gives up; nothing is stored then.</param>
    /// <returns>The stored file, and false when it was there already.</returns>
    public async Task<(ModelFile File, bool Created)> Upload(string name, Stream file, Action<long> sent, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // A large file takes its time: only silence is limited.
        using var content = new FileUpload(file, bytes =>
        {
            limit.CancelAfter(Limit);
            sent(bytes);
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/models?name={Uri.EscapeDataString(name)}") { Content = content };
        // A refusal (key, size, name) comes before the bytes go, not into the middle of them.
        request.Headers.ExpectContinue = true;
        HttpResponseMessage response;
        try
        {
            response = await Send(request, HttpCompletionOption.ResponseContentRead, limit, ct);
        }
        catch (CommandFailedException error) when (content.Problem is { } problem)
        {
            throw new CommandFailedException(ExitCode.Failed, $"{problem}; nothing was stored", error);
        }
        using (response)
        {
            var stored = await Read<ModelFile>(response, ct);
            return stored.Sha256 == content.Sha256
                ? (stored, response.StatusCode == HttpStatusCode.Created)
                : throw new CommandFailedException(ExitCode.Failed, $"the service stored bytes of SHA-256 {stored.Sha256}, but {content.Sha256} was sent: something between here and there changes them");
        }
    }

    /// <summary>The report in one of its forms: html, md, json, csv.</summary>
    public async Task<string> Report(Guid id, string format, CancellationToken ct)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Get, $"/v1/experiments/{id}/report.{format}"), HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>A figure in one of its forms: svg, png, csv.</summary>
    public async Task<byte[]> Figure(Guid id, string figure, string format, CancellationToken ct)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Get, $"/v1/experiments/{id}/figures/{Uri.EscapeDataString(figure)}.{format}"), HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    /// <summary>Copies a stored file's bytes; a connection that is cut on the way is an error.</summary>
    public async Task Checkpoint(Guid id, Stream target, CancellationToken ct)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Get, $"/v1/checkpoints/{id}/content"), HttpCompletionOption.ResponseHeadersRead, ct);
        try
        {
            await response.Content.CopyToAsync(target, ct);
        }
        catch (Exception error) when (error is HttpRequestException or IOException && !ct.IsCancellationRequested)
        {
            throw new CommandFailedException(ExitCode.Failed, $"the service broke off in the middle of checkpoint {id}: its stored bytes are damaged, or the connection is; try again", error);
        }
    }

    /// <summary>Opens an event stream.</summary>
    public async Task<HttpResponseMessage> Events(string topics, string? lastEventId, CancellationToken ct)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events?topics={topics}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        return await Send(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    public void Dispose() => http.Dispose();

    async Task<T> Get<T>(string address, CancellationToken ct)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Get, address), HttpCompletionOption.ResponseContentRead, ct);
        return await Read<T>(response, ct);
    }

    async Task<T> Post<T>(string address, CancellationToken ct)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, address), HttpCompletionOption.ResponseContentRead, ct);
        return await Read<T>(response, ct);
    }

    async Task<HttpResponseMessage> Send(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        return await Send(request, completion, limit, ct);
    }

    async Task<HttpResponseMessage> Send(HttpRequestMessage request, HttpCompletionOption completion, CancellationTokenSource limit, CancellationToken ct)
    {
        limit.CancelAfter(Limit);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, completion, limit.Token);
        }
        catch (HttpRequestException error)
        {
            throw new CommandFailedException(ExitCode.Unreachable, $"the service at {Location.Address} does not answer ({error.GetBaseException().Message}): " + (Location.IsLocal ? "look at ./kdr status, or start it again with ./kdr down and ./kdr up" : "is it running, and is the address right?"), error);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CommandFailedException(ExitCode.Unreachable, string.Create(CultureInfo.InvariantCulture, $"the service at {Location.Address} did not answer within {Limit.TotalSeconds:0} s"));
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await Refused(response, ct);
    }

    async Task<CommandFailedException> Refused(HttpResponseMessage response, CancellationToken ct)
    {
        var problem = await ReadProblem(response, ct);
        var said = problem?.Detail ?? problem?.Title ?? $"{(int)response.StatusCode} {response.ReasonPhrase}";
        return response.StatusCode switch
        {
            HttpStatusCode.BadRequest when problem?.Errors is { Count: > 0 } errors => new(ExitCode.Usage, string.Join('\n', errors)),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType => new(ExitCode.Usage, said),
            HttpStatusCode.Unauthorized => new(ExitCode.NotAllowed, $"{Location.Address} does not accept the key: {said}. Set {ServiceLocation.KeyVariable} to a valid one"),
            HttpStatusCode.Forbidden => new(ExitCode.NotAllowed, $"the key may not do this: {said}"),
            HttpStatusCode.NotFound => new(ExitCode.NotFound, said),
            HttpStatusCode.Conflict when problem?.Type is "/problems/job-shared" => new(ExitCode.Usage, $"{said}. To go on all the same, say --yes"),
            HttpStatusCode.UnprocessableEntity => new(ExitCode.Usage, said),
            HttpStatusCode.ServiceUnavailable => new(ExitCode.Unreachable, $"{said}. Try again in a moment; ./kdr status shows whether PostgreSQL runs"),
            _ => new(ExitCode.Failed, problem?.TraceId is { } trace ? $"{said} (traceId {trace})" : said),
        };
    }

    static async Task<Problem?> ReadProblem(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return null;
        try
        {
            return JsonSerializer.Deserialize<Problem>(await response.Content.ReadAsStringAsync(ct), ServiceJson.Options);
        }
        catch (JsonException)
        {
            return null; // The status alone has to do.
        }
    }

    static async Task<T> Read<T>(HttpResponseMessage response, CancellationToken ct)
    {
        var text = await response.Content.ReadAsStringAsync(ct);
        try
        {
            return JsonSerializer.Deserialize<T>(text, ServiceJson.Options)!;
        }
        catch (JsonException error)
        {
            throw new CommandFailedException(ExitCode.Failed, $"the service's answer is not understood ({error.Message}): is it of the same version as this command line?", error);
        }
    }
}
