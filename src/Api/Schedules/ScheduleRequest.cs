using System.Text.Json;
using System.Text.RegularExpressions;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Schedules;
using KdRobust.Queue.Chores;

namespace KdRobust.Api.Schedules;

/// <summary>What is sent to make a schedule.</summary>
/// <param name="Name">Unique among the owner's: lower-case letters, digits, points and hyphens.</param>
/// <param name="Cron">Minute, hour, day of month, month, day of week, e.g. <c>0 3 * * *</c>; a sixth field in front is seconds.</param>
/// <param name="TimeZone">IANA name of the zone the times are meant in; UTC when left out.</param>
/// <param name="Missed">What becomes of firings no replica was there for: <c>once</c> (the default) makes up for the newest, <c>skip</c> for none.</param>
/// <param name="Spec">The experiment's spec.</param>
sealed record ScheduleRequest(string Name, string Cron, string? TimeZone, MissedFirings? Missed, ExperimentSpec Spec)
{
    const string NamePattern = "^[a-z0-9][a-z0-9.-]{0,49}$";
    static readonly string[] Fields = ["name", "cron", "timeZone", "missed", "spec"];

    /// <summary>Reads a schedule of an owner, or everything that is wrong with it.</summary>
    public static (NewSchedule? Schedule, IReadOnlyList<SpecProblem> Problems) Read(string json, string owner)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 40 });
        }
        catch (JsonException error)
        {
            return (null, [new SpecProblem("$", $"not JSON: {error.Message}", "", "a JSON object with name, cron and spec")]);
        }
        using (document)
        {
            if (SpecText.Unstorable(json) is { } unstorable) return (null, [unstorable]);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return (null, [new SpecProblem("$", "not an object", root.ValueKind.ToString(), "a JSON object with name, cron and spec")]);
            var problems = root.EnumerateObject().Where(field => !Fields.Contains(field.Name, StringComparer.Ordinal))
                .Select(field => new SpecProblem($"$.{field.Name}", "unknown field", field.Name, string.Join(", ", Fields))).ToList();
            var name = Text(root, "name", null, problems);
            var cron = Text(root, "cron", null, problems);
            var zone = Text(root, "timeZone", "UTC", problems);
            var missed = Text(root, "missed", "once", problems);
            if (name is not null && !Regex.IsMatch(name, NamePattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
                problems.Add(new("$.name", "text has the wrong form", name.Length > 60 ? name[..60] + "..." : name, $"text matching {NamePattern}"));
            if (zone is not null && CronTime.Problem("0 0 * * *", zone) is { } noZone)
                problems.Add(new("$.timeZone", noZone, zone, "an IANA name, e.g. Europe/Berlin"));
            else if (cron is not null && CronTime.Problem(cron, "UTC") is { } noCron)
                problems.Add(new("$.cron", noCron, cron, "e.g. 0 3 * * *"));
            if (missed is not (null or "once" or "skip"))
                problems.Add(new("$.missed", "not one of the choices", missed, "once or skip"));
            var spec = SpecOf(root, problems);
            return problems.Count > 0
                ? (null, problems)
                : (new NewSchedule(owner, name!, cron!, zone!, missed == "skip" ? MissedFirings.Skip : MissedFirings.Once, spec!), problems);
        }
    }

    static ExperimentSpec? SpecOf(JsonElement root, List<SpecProblem> problems)
    {
        if (!root.TryGetProperty("spec", out var element))
        {
            problems.Add(new("$.spec", "missing", "", "an experiment spec"));
            return null;
        }
        var reading = SpecReader.Read(element.GetRawText());
        problems.AddRange(reading.Problems.Select(problem => problem with { Path = "$.spec" + problem.Path[1..] }));
        return reading.Spec;
    }

    static string? Text(JsonElement root, string field, string? standard, List<SpecProblem> problems)
    {
        if (!root.TryGetProperty(field, out var value) || (standard is not null && value.ValueKind == JsonValueKind.Null))
        {
            if (standard is null)
                problems.Add(new($"$.{field}", "missing", "", "text"));
            return standard;
        }
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        problems.Add(new($"$.{field}", "not text", value.ValueKind.ToString(), "text"));
        return null;
    }
}
