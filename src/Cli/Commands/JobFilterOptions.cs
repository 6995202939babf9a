using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Commands;

/// <summary>Options that say which jobs or experiments are meant; the same words as the service's filters.</summary>
sealed class JobFilterOptions
{
    readonly (Option<string?> Option, string Name)[] filters;

    public JobFilterOptions() => filters =
    [
        (Text("--state", "STATE", "blocked, queued, running, paused, succeeded, failed or cancelled"), "state"),
        (Text("--kind", "KIND", "Of jobs: train, smoothing-eval, transfer-attack or import"), "kind"),
        (Text("--name", "TEXT", "A part of the name, whatever the case"), "contains"),
        (Text("--experiment", "ID", "Of jobs: the experiment that uses them"), "experiment"),
        (Text("--worker", "NAME", "Of jobs: the worker that has them, or had them last"), "worker"),
        (Text("--owner", "NAME", "Another owner's, with an admin's key"), "owner"),
        (Text("--after", "TIME", "Submitted then or later, e.g. 2026-11-27T17:00:00Z"), "createdAfter"),
        (Text("--before", "TIME", "Submitted earlier"), "createdBefore"),
    ];

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (var (option, _) in filters) command.Options.Add(option);
    }

    /// <summary>True when at least one is given.</summary>
    public bool IsGiven(ParseResult parsed) => filters.Any(filter => parsed.GetValue(filter.Option) is not null);

    /// <summary>The query they stand for, e.g. <c>state=failed</c>; empty for none.</summary>
    public async Task<string> Query(ParseResult parsed, ServiceClient client, CancellationToken ct)
    {
        var parts = new List<string>();
        foreach (var (option, name) in filters)
        {
            if (parsed.GetValue(option) is not { } value) continue;
            var text = name == "experiment" ? (await ExperimentName.Resolve(client, value, ct)).ToString() : value;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={Uri.EscapeDataString(text)}"));
        }
        return string.Join('&', parts);
    }

    static Option<string?> Text(string name, string value, string description) => new(name) { Description = description, HelpName = value };
}
