using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr logs</c>: what a job went through and measured, line by line; followed live with <c>-f</c>.</summary>
static class LogsCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = "A job's id, or EXPERIMENT:KEY, e.g. @last:train/cni" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the job has ended" };
        var attempt = new Option<int?>("--attempt") { Description = "Only numbers of this attempt", HelpName = "N" };
        var server = CommandContext.ServerOption();
        var command = new Command("logs", "Show what a job went through and measured") { id, follow, attempt, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var target = await ServiceTarget.Resolve(client, parsed.GetValue(id)!, ct);
            if (!target.IsJob) throw new CommandFailedException(ExitCode.Usage, $"{parsed.GetValue(id)} is an experiment: name one of its jobs, e.g. {parsed.GetValue(id)}:train/NAME; ./kdr show lists them");
            var lines = new JobLog(context.Terminal.Out, parsed.GetValue(attempt));
            if (!parsed.GetValue(follow))
            {
                await Stored(client, target.Id, lines, ct);
                return ExitCode.Done;
            }
            try
            {
                return await Follow(client, target.Id, lines, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                context.Terminal.Say("stopped following; the job goes on");
                return ExitCode.Interrupted;
            }
        });
        return command;
    }

    static async Task Stored(ServiceClient client, Guid job, JobLog lines, CancellationToken ct)
    {
        await foreach (var line in Pages<JobEventView>(client, $"/v1/jobs/{job}/events?limit=500", ct)) lines.Say(line.At, line.From, line.To, line.Worker, line.Reason);
        await foreach (var metric in Pages<Metric>(client, $"/v1/jobs/{job}/metrics?limit=10000", ct)) lines.Measured(metric);
        lines.End();
        if ((await client.Job(job, ct)).Job.Failure is { Detail.Length: > 0 } failure) lines.Detail(failure.Detail);
    }

    static async Task<int> Follow(ServiceClient client, Guid job, JobLog lines, CancellationToken ct)
    {
        await foreach (var message in new ExperimentEvents(client, TimeProvider.System).Follow($"job:{job}", ct))
        {
            if (message is JobMeasured { Metrics.Metrics: var metrics })
            {
                foreach (var metric in metrics) lines.Measured(metric);
            }
            else if (message is JobChanged { State: var state })
            {
                lines.End();
                lines.Say(state.At, state.From, state.To, state.Worker, state.Reason);
                // A retried job's history has ends that were none: only how it is now counts.
                if (state.To.IsTerminal() && (await client.Job(job, ct)).Job.State is var now && now.IsTerminal() && now == state.To)
                    return now switch { JobState.Succeeded => ExitCode.Done, JobState.Failed => ExitCode.WatchedFailed, _ => ExitCode.Cancelled };
            }
        }
        return ExitCode.Done;
    }

    static async IAsyncEnumerable<T> Pages<T>(ServiceClient client, string address, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        string? cursor = null;
        do
        {
            var page = await client.Ask<Page<T>>(cursor is null ? address : $"{address}&cursor={Uri.EscapeDataString(cursor)}", ct);
            foreach (var item in page.Items) yield return item;
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    /// <summary>Lines of one job: its history, and its numbers, those of one step together.</summary>
    sealed class JobLog(TextWriter output, int? attempt)
    {
        readonly List<Metric> step = [];

        public void Say(DateTimeOffset at, JobState? from, JobState to, string? worker, string reason) =>
            output.WriteLine($"{Durations.Date(at)}  {(from == to ? "" : $"{(from is null ? "" : $"{Word(from.Value)} -> ")}{Word(to)}")}{(worker is null ? "" : $" ({worker})")}: {reason}");

        public void Measured(Metric metric)
        {
            if (attempt is { } only && metric.Attempt != only) return;
            if (step is [var first, ..] && (first.Epoch, first.Step, first.Attempt) != (metric.Epoch, metric.Step, metric.Attempt)) End();
            step.Add(metric);
        }

        public void End()
        {
            if (step.Count == 0) return;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {step[0].Epoch}, step {step[0].Step}: {string.Join(", ", step.Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Series} {metric.Value:0.####}")))}"));
            step.Clear();
        }

        public void Detail(string text) => output.WriteLine(text);

        static string Word(JobState state) => state.ToString().ToLowerInvariant();
    }
}
