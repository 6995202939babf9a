using System.Text.Json;
using System.Text.Json.Nodes;

namespace KdRobust.Cli.Client;

/// <summary>What a schedule's firing did.</summary>
sealed record ScheduleFiring(DateTimeOffset DueAt, DateTimeOffset FiredAt, string Host, Guid? ExperimentId, string? Problem);

/// <summary>A schedule; Next is null while it is paused.</summary>
sealed record ScheduleView(
    Guid Id, string Name, string Owner, string Cron, string TimeZone, string Missed, string SpecName, bool Enabled, DateTimeOffset CreatedAt, DateTimeOffset? Next, ScheduleFiring? Last);

/// <summary>What retention did, or would do.</summary>
sealed record RetentionReport(
    int JobsThinned, long MetricsRemoved, int ResumePointsRemoved, int OutputsRemoved, long CheckpointBytesRemoved, int ChunksRemoved,
    IReadOnlyList<string> MonthsMade, IReadOnlyList<string> MonthsDetached);

/// <summary>Schedules and chores of the service.</summary>
static class ScheduleRequests
{
    public static Task<IReadOnlyList<ScheduleView>> Schedules(this ServiceClient client, CancellationToken ct) => client.Ask<IReadOnlyList<ScheduleView>>(HttpMethod.Get, "/v1/schedules", null, ct);

    public static Task<ScheduleView> AddSchedule(this ServiceClient client, string name, string cron, string zone, string missed, string spec, CancellationToken ct) =>
        client.Ask<ScheduleView>(
            HttpMethod.Post, "/v1/schedules",
            new JsonObject { ["name"] = name, ["cron"] = cron, ["timeZone"] = zone, ["missed"] = missed, ["spec"] = JsonNode.Parse(spec) }.ToJsonString(), ct);

    public static Task<ScheduleView> SwitchSchedule(this ServiceClient client, Guid id, bool enabled, CancellationToken ct) =>
        client.Ask<ScheduleView>(HttpMethod.Post, $"/v1/schedules/{id}/{(enabled ? "resume" : "pause")}", null, ct);

    public static Task RemoveSchedule(this ServiceClient client, Guid id, CancellationToken ct) => client.Ask<JsonElement?>(HttpMethod.Delete, $"/v1/schedules/{id}", null, ct);

    public static Task<RetentionReport> Retention(this ServiceClient client, bool dryRun, CancellationToken ct) =>
        client.Ask<RetentionReport>(HttpMethod.Post, $"/v1/chores/retention?dryRun={(dryRun ? "true" : "false")}", null, ct);
}
