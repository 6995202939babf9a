using System.Globalization;
using KdRobust.Domain.Jobs;
using Spectre.Console;

namespace KdRobust.Cli.Watching;

/// <summary>A table of what runs, redrawn in place on a terminal; what ended or failed stays as a line above it.</summary>
sealed class LiveView : IWatchView
{
    const int BarWidth = 18;
    static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    readonly Lock gate = new();
    readonly Queue<string> lasting = new();
    readonly CancellationTokenSource ending = new();
    readonly IAnsiConsole console;
    readonly Task drawing;
    ExperimentBoard? shown;

    public LiveView(IAnsiConsole console)
    {
        this.console = console;
        drawing = Draw();
    }

    public void Changed(ExperimentBoard board, (JobLine Before, JobLine After)? change)
    {
        lock (gate)
        {
            shown = board;
            if (change is not var (before, after) || before.State == after.State) return;
            if (after.State == JobState.Succeeded) lasting.Enqueue($"[green]done[/]      {Markup.Escape(after.Name)}[grey]{PlainView.Took(after)}[/]");
            else if (after.State is JobState.Failed or JobState.Cancelled) lasting.Enqueue($"[red]{after.State.ToString().ToLowerInvariant(),-9}[/] {Markup.Escape(after.Name)}: {Markup.Escape(after.Failure ?? "")}");
            else if (before.State == JobState.Running && after.State == JobState.Queued) lasting.Enqueue($"[yellow]given back[/] {Markup.Escape(after.Name)}");
        }
    }

    public void Say(string line)
    {
        lock (gate) lasting.Enqueue($"[yellow]{Markup.Escape(line)}[/]");
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await drawing;
        ending.Dispose();
    }

    Task Draw() => console.Live(new Text("")).AutoClear(true).StartAsync(async live =>
    {
        while (!ending.IsCancellationRequested)
        {
            Render(live);
            await Task.Delay(Redraw, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Render(live);
    });

    void Render(LiveDisplayContext live)
    {
        lock (gate)
        {
            if (lasting.Count > 0)
            {
                // Cleared first: else the old table would stay above the new line.
                live.UpdateTarget(new Text(""));
                while (lasting.TryDequeue(out var line)) console.MarkupLine(line);
            }
            if (shown is not null) live.UpdateTarget(Table(shown));
        }
    }

    static Table Table(ExperimentBoard board)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("", "", "", "loss", "accuracy", "images/s", "left");
        foreach (var column in table.Columns.Skip(3)) column.RightAligned();
        foreach (var column in table.Columns) column.NoWrap();
        foreach (var job in board.Jobs.Where(j => j.State == JobState.Running))
        {
            var p = job.Progress;
            table.AddRow(
                $"{Markup.Escape(job.Name)}[grey]{(job.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $" (attempt {job.Attempt})") : "")}[/]",
                p is null ? "[grey]starting[/]" : Bar(p.Done / Math.Max(1e-9, p.Total)), p is null ? "" : Markup.Escape(ProgressText.Where(p)),
                p is null ? "" : ProgressText.Loss(p), p is null ? "" : ProgressText.Accuracy(p), p is null ? "" : ProgressText.Speed(p), p is null ? "" : ProgressText.Left(p));
        }
        var waiting = board.Jobs.Count(j => j.State is JobState.Queued or JobState.Blocked);
        table.AddRow($"[bold]{Markup.Escape(board.Experiment.Name)}[/]", Bar((double)board.Ended / Math.Max(1, board.Jobs.Count)), string.Create(CultureInfo.InvariantCulture, $"{board.Ended} of {board.Jobs.Count} jobs, {waiting} waiting"), "", "", "", "");
        return table;
    }

    static string Bar(double share)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        return $"[blue]{new string('━', full)}[/][grey]{new string('━', BarWidth - full)}[/]";
    }
}
