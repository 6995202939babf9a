using System.Globalization;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Watching;

/// <summary>
/// A table of what runs, redrawn in place on a terminal; what ended stays as a line above it. Drawn as plain lines that
/// are erased and written again as a whole, each cut to the terminal's width, so that nothing wraps or is left over.
/// </summary>
sealed class LiveView : IWatchView
{
    const int BarWidth = 18;
    static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    readonly Lock gate = new();
    readonly TextWriter screen;
    readonly Func<int> width;
    readonly Paint paint;
    readonly List<string> lasting = [];
    readonly CancellationTokenSource ending = new();
    readonly Task drawing;
    ExperimentBoard? shown;
    int drawn;

    /// <summary>Draws until disposed.</summary>
    /// <param name="screen">A terminal.</param>
    /// <param name="width">Its present width in characters.</param>
    /// <param name="colour">False writes no colours (<c>NO_COLOR</c>).</param>
    public LiveView(TextWriter screen, Func<int> width, bool colour)
    {
        (this.screen, this.width, paint) = (screen, width, new Paint(colour));
        drawing = Draw();
    }

    public void Changed(ExperimentBoard board, (JobLine Before, JobLine After)? change)
    {
        lock (gate)
        {
            shown = board;
            if (change is not var (before, after) || before.State == after.State) return;
            if (after.State == JobState.Succeeded) lasting.Add($"{paint.Good("done")}       {after.Name}{paint.Faint(PlainView.Took(after))}");
            else if (after.State is JobState.Failed or JobState.Cancelled) lasting.Add($"{paint.Bad($"{after.State.ToString().ToLowerInvariant(),-10}")} {after.Name}: {after.Failure}");
            else if (before.State == JobState.Running && after.State == JobState.Queued) lasting.Add($"{paint.Bad("given back")} {after.Name}: {PlainView.GivenBack(after)}");
        }
    }

    public void Say(string line)
    {
        lock (gate) lasting.Add(paint.Bad(line));
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await drawing;
        ending.Dispose();
    }

    async Task Draw()
    {
        while (!ending.IsCancellationRequested)
        {
            Write(Table);
            await Task.Delay(Redraw, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Write(_ => []); // Only what lasts stays.
    }

    void Write(Func<ExperimentBoard, IEnumerable<string>> table)
    {
        lock (gate)
        {
            var rows = shown is null ? [] : table(shown).ToList();
            // To the first line of the last drawing, and away with everything from there on.
            var text = drawn > 0 ? $"\e[{drawn.ToString(CultureInfo.InvariantCulture)}F\e[J" : "";
            foreach (var line in lasting.Concat(rows.Select(row => paint.Cut(row, width() - 1)))) text += line + "\n";
            lasting.Clear();
            drawn = rows.Count;
            if (text.Length == 0) return;
            screen.Write(text);
            screen.Flush();
        }
    }

    IEnumerable<string> Table(ExperimentBoard board)
    {
        var running = board.Jobs.Where(j => j.State == JobState.Running).ToList();
        var names = running.Select(j => j.Name + (j.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $" (attempt {j.Attempt})") : "")).ToList();
        var nameWidth = names.Append(board.Experiment.Name).Max(n => n.Length);
        var whereWidth = running.Select(j => j.Progress is null ? 0 : ProgressText.Where(j.Progress).Length).Append(24).Max();
        foreach (var (job, name) in running.Zip(names))
        {
            if (job.Progress is not { } p) yield return $"{name.PadRight(nameWidth)}  {paint.Faint("starting")}";
            else yield return $"{name.PadRight(nameWidth)}  {Bar(p.Done / Math.Max(1e-9, p.Total))}  {ProgressText.Where(p).PadRight(whereWidth)}  {paint.Faint(Rest(p))}";
        }
        var waiting = board.Jobs.Count(j => j.State is JobState.Queued or JobState.Blocked);
        yield return string.Create(CultureInfo.InvariantCulture, $"{paint.Strong(board.Experiment.Name.PadRight(nameWidth))}  {Bar((double)board.Ended / Math.Max(1, board.Jobs.Count))}  {board.Ended} of {board.Jobs.Count} jobs, {waiting} waiting");
    }

    static string Rest(Domain.Runs.JobProgress p) => string.Join("  ", new[]
    {
        p.Loss is null ? "" : $"loss {ProgressText.Loss(p)}", p.Accuracy is null ? "" : $"acc {ProgressText.Accuracy(p)}", p.ImagesPerSecond is null ? "" : $"{ProgressText.Speed(p)} img/s",
        p.SecondsLeft is null ? "" : $"{ProgressText.Left(p)} left",
    }.Where(part => part.Length > 0));

    string Bar(double share)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        return paint.Full(new string('━', full)) + paint.Faint(new string('─', BarWidth - full));
    }
}
