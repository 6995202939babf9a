using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Retention;

namespace KdRobust.Queue.Chores;

/// <summary>When the service's own chores run, and what they may do.</summary>
public sealed record ChoreSettings
{
    /// <summary>When retention runs, in UTC; null never. Six or seven fields, seconds first.</summary>
    public string? RetentionCron { get; init; } = "0 15 3 * * ?";

    /// <summary>How long what is kept.</summary>
    public RetentionSettings Retention { get; init; } = new();

    /// <summary>When a backup is made, in UTC; null never.</summary>
    public string? BackupCron { get; init; } = "0 45 3 * * ?";

    /// <summary>Folder the backups go to, reachable by every replica; null makes none.</summary>
    public string? BackupFolder { get; init; }

    /// <summary>Scheduled backups kept; the oldest beyond go once a new one is whole.</summary>
    public int BackupsKept { get; init; } = 7;

    /// <summary>Between two signs of life of a replica to the others; after three without one its firings are taken over.</summary>
    public int CheckinSeconds { get; init; } = 5;

    /// <summary>Reads a settings file: JSON with these names; what is left out keeps its default.</summary>
    /// <exception cref="InvalidDataException">It cannot be used; the message names the field and what is expected.</exception>
    public static ChoreSettings Read(string file)
    {
        ChoreSettings? settings;
        try
        {
            settings = JsonSerializer.Deserialize<ChoreSettings>(File.ReadAllText(file), SpecJson.Options);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{file} holds no chore settings: {error.Message}", error);
        }
        return settings?.Problems() switch
        {
            null => throw new InvalidDataException($"{file} holds no chore settings but null; expected an object"),
            { Count: > 0 } problems => throw new InvalidDataException($"{file}: {string.Join("; ", problems)}"),
            _ => settings,
        };
    }

    /// <summary>What is wrong, each with its name; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = Retention.Problems().Select(problem => "retention." + problem).ToList();
        foreach (var (name, cron) in (ReadOnlySpan<(string, string?)>)[("retentionCron", RetentionCron), ("backupCron", BackupCron)])
        {
            if (cron is not null && CronTime.Problem(cron, "UTC") is { } problem)
                problems.Add($"{name}: {problem}");
        }
        if (BackupsKept is < 1 or > 10_000)
            problems.Add($"backupsKept is {BackupsKept}; expected 1 to 10000");
        if (CheckinSeconds is < 1 or > 60)
            problems.Add($"checkinSeconds is {CheckinSeconds}; expected 1 to 60");
        if (BackupFolder is not null && !Path.IsPathFullyQualified(BackupFolder))
            problems.Add($"backupFolder is '{BackupFolder}'; expected an absolute path, or null");
        return problems;
    }
}
