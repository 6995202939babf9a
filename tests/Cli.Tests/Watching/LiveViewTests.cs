using KdRobust.Cli.Client;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using Spectre.Console;

namespace KdRobust.Cli.Tests.Watching;

public sealed class LiveViewTests
{
    [Fact]
    public async Task What_runs_is_drawn_and_what_ended_stays()
    {
        var screen = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(screen), Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.Yes });
        console.Profile.Width = 160;
        Guid one = Guid.NewGuid(), two = Guid.NewGuid();
        var board = new ExperimentBoard(new ExperimentDetail(
            new(Guid.NewGuid(), "demo", "Demo", "ada", ExperimentState.Running, 0, "f", new Dictionary<JobState, int>(), DateTimeOffset.UnixEpoch, null), [Running("train/cni", one), Running("train/[odd]", two)]));
        await using (var view = new LiveView(console))
        {
            view.Changed(board, board.Take(new JobProgressed(new ProgressMessage(one, "", new JobProgress("train", 3.2, 12, "epoch", 1.5, 0.25, 900, 61)))));
            view.Changed(board, board.Take(new JobChanged(new StateMessage(two, "", JobState.Running, JobState.Failed, 1, null, "", DateTimeOffset.UnixEpoch, new JobFailure(FailureKind.Permanent, "no [brackets] here", "")))));
        }
        var text = screen.ToString();
        text.ShouldContain("train epoch 3.2/12");
        text.ShouldContain("25.0 %");
        text.ShouldContain("61 s");
        text.ShouldContain("1 of 2 jobs, 0 waiting");
        text.ShouldContain("failed    train/[odd]: no [brackets] here");
    }

    static ExperimentJob Running(string name, Guid id) => new(name, false, new JobView
    {
        Id = id, Name = name, Kind = "train", State = JobState.Running, Fingerprint = "f", Attempt = 1, MaxAttempts = 5, Fence = 1, Priority = 0, Worker = "w", CancelRequested = false,
        Progress = null, Result = null, Failure = null, DependsOn = [], CreatedAt = DateTimeOffset.UnixEpoch, StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = null,
    });
}
