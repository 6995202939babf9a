using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;
using KdRobust.Cli.Specs;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Demo;

/// <summary>What was asked of a demo.</summary>
/// <param name="Changes">Fields of the spec to set.</param>
/// <param name="Again">Compute anew.</param>
/// <param name="Json">Print JSON.</param>
/// <param name="Workers">Workers of one thread each.</param>
/// <param name="Data">Folder of images, if named.</param>
sealed record DemoOptions(IReadOnlyList<string> Changes, bool Again, bool Json, int Workers, string? Data);

/// <summary>The paper's whole chain in one go: service, experiment, tables, report, and nothing left running.</summary>
sealed class DemoRun(CommandContext context, DemoOptions options)
{
    const int CoresPerWorker = 1;

    readonly Dictionary<string, double> phases = new(StringComparer.Ordinal);

    Terminal Terminal => context.Terminal;

    /// <summary>Runs it to its end, or until Ctrl-C.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> Run(CancellationToken ct)
    {
        var (spec, data) = ChooseImages();
        NativeBuild.Require(context.Folders);
        if (ServiceRecord.Running(context.Folders) is { } running)
        {
            Terminal.Say($"using the service that runs already at {running.Address} (./kdr {running.Verb})");
            return await Chain(running.Address, spec, null, ct);
        }
        var begun = Stopwatch.GetTimestamp();
        await using var service = await LocalService.Start(context.Folders, new("demo", options.Workers, CoresPerWorker, 0, data?.Path), Terminal.Say, ct);
        phases["start"] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"PostgreSQL, API and {options.Workers} worker(s) are up after {Durations.Text(phases["start"])}"));
        Terminal.Say($"watch it in a browser: {service.Record.SignInLink}");
        try
        {
            return await Chain(service.Record.Address, spec, service, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Terminal.Say("stopping; ./kdr demo goes on where this ends");
            throw;
        }
    }

    (SpecFile Spec, DataFolder? Data) ChooseImages()
    {
        var path = Path.Combine(context.Folders.Root, "experiments", "demo.json");
        var spec = SpecFile.Read(path, options.Changes);
        var data = DataFolder.Find(context.Folders, options.Data, context.Environment);
        var there = spec.Spec.Dataset.Name switch { DatasetName.Cifar10 => data?.HasWhole, DatasetName.Cifar10Mini => data?.HasImages, _ => true } ?? false;
        if (there) return (spec, data);
        if (data is { Named: true })
            throw new CommandFailedException(ExitCode.Usage, $"{data.Path} holds neither cifar10-mini/ nor cifar-10-batches-bin/: name another folder, or none, to use synthetic images");
        Terminal.Say("no images here: going on with synthetic ones, as --set dataset.name=synthetic does. Real ones: set KDR_DATA to their folder, or ./kdr data fetch cifar10");
        return (SpecFile.Read(path, [.. options.Changes, "dataset.name=synthetic"]), data);
    }

    async Task<int> Chain(string address, SpecFile spec, LocalService? service, CancellationToken ct)
    {
        using var client = new ServiceClient(ServiceLocation.Find(context.Folders, address, context.Environment));
        var (submitted, created) = await client.Submit(spec.Text, options.Again, ct);
        var experiment = submitted.Experiment;
        var stored = !created && experiment.State == ExperimentState.Succeeded;
        if (stored) Terminal.Say($"this is the stored result of {Durations.Date(submitted.Jobs.Max(j => j.Job.FinishedAt) ?? experiment.CreatedAt)}; --again computes it anew");
        else if (!created) Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"going on with the experiment of {Durations.Date(experiment.CreatedAt)}: {submitted.Jobs.Count(j => j.Job.Result is not null)} of {submitted.Jobs.Count} jobs are done"));
        else Terminal.Say($"{experiment.Title}: {submitted.Jobs.Count} jobs");

        var begun = Stopwatch.GetTimestamp();
        var detail = stored ? submitted : await WatchOrBreak(client, experiment.Id, service, ct);
        phases["compute"] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        begun = Stopwatch.GetTimestamp();
        var report = JsonSerializer.Deserialize<ExperimentReport>(await client.Report(experiment.Id, "json", ct), ServiceJson.Options)!;
        var file = Path.Combine(context.Folders.Demo, "report.html");
        await ReportCommand.Write(file, await client.Report(experiment.Id, "html", ct), ct);
        phases["report"] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        Show(DemoOutcome.Of(detail, report, stored, phases, file), report, detail);
        return Watcher.ExitCodeOf(detail.Experiment);
    }

    /// <summary>Watches, unless the service itself falls apart.</summary>
    async Task<ExperimentDetail> WatchOrBreak(ServiceClient client, Guid experiment, LocalService? service, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = Watcher.Watch(client, experiment, Terminal, either.Token);
        if (service is not null && service.Broken() is var broken && await Task.WhenAny(watching, broken) == broken)
        {
            await either.CancelAsync();
            await ((Task)watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new CommandFailedException(ExitCode.Failed, $"{await broken} (logs: {context.Folders.Logs})");
        }
        return await watching;
    }

    void Show(DemoOutcome outcome, ExperimentReport report, ExperimentDetail detail)
    {
        if (options.Json) context.WriteJson(outcome);
        else Terminal.Out.WriteLine(PlainReport.Of(report));
        if (Watcher.WhyFailed(detail) is { } why) Terminal.Say(why);
        var kinds = outcome.Jobs.GroupBy(j => j.Kind, StringComparer.Ordinal).Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Key} {Durations.Text(k.Sum(j => j.Seconds ?? 0))}"));
        Terminal.Say($"seconds of computing: {string.Join(", ", kinds)}");
        Terminal.Say($"phases of this call: {string.Join(", ", phases.Select(p => $"{p.Key} {Durations.Text(p.Value)}"))}");
        Terminal.Say($"report: {outcome.Report}");
        Terminal.Say($"to look further: ./kdr up, then ./kdr table demo, ./kdr show demo, and the API's docs at /docs of the address it prints");
    }
}
