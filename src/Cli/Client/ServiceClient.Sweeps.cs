using System.Globalization;
using System.Net;
using System.Text;

namespace KdRobust.Cli.Client;

sealed partial class ServiceClient
{
    /// <summary>Submits a sweep.</summary>
    /// <returns>The sweep with what was made, and whether it is new.</returns>
    public async Task<(SweepFilled Filled, bool Created)> SubmitSweep(string spec, bool again, CancellationToken ct)
    {
        using var content = new StringContent(spec, Encoding.UTF8, "application/json");
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, $"/v1/sweeps?again={(again ? "true" : "false")}") { Content = content }, HttpCompletionOption.ResponseContentRead, ct);
        return (await Read<SweepFilled>(response, ct), response.StatusCode == HttpStatusCode.Created);
    }

    public Task<Page<SweepSummary>> Sweeps(int limit, string? name, CancellationToken ct) =>
        Get<Page<SweepSummary>>(string.Create(CultureInfo.InvariantCulture, $"/v1/sweeps?limit={limit}{(name is null ? "" : $"&name={Uri.EscapeDataString(name)}")}"), ct);

    public Task<SweepDetail> Sweep(Guid id, CancellationToken ct) => Get<SweepDetail>($"/v1/sweeps/{id}", ct);

    /// <summary>A page of a sweep's points.</summary>
    public Task<Page<SweepPoint>> SweepPoints(Guid id, int limit, string? cursor, CancellationToken ct) =>
        Get<Page<SweepPoint>>(string.Create(CultureInfo.InvariantCulture, $"/v1/sweeps/{id}/points?limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}"), ct);

    public Task<SweepCancelled> CancelSweep(Guid id, CancellationToken ct) => Post<SweepCancelled>($"/v1/sweeps/{id}/cancel", ct);

    public Task<SweepFilled> RetrySweep(Guid id, CancellationToken ct) => Post<SweepFilled>($"/v1/sweeps/{id}/retry", ct);

    /// <summary>A sweep's table in one of its forms: json, csv, md, txt.</summary>
    public async Task<string> SweepTable(Guid id, string format, string? sort, CancellationToken ct)
    {
        var query = sort is null ? "" : $"?sort={Uri.EscapeDataString(sort)}";
        using var response = await Send(new HttpRequestMessage(HttpMethod.Get, $"/v1/sweeps/{id}/table.{format}{query}"), HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }
}
