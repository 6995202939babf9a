using KdRobust.Cli.Client;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Tests.Watching;

public sealed class LiveViewTests
{
    readonly Screen screen = new();
    readonly Guid one = Guid.NewGuid(), two = Guid.NewGuid();

    async Task<string> Show(int width, bool colour)
    {
        var board = new ExperimentBoard(new ExperimentDetail(
            new(Guid.NewGuid(), "demo", "Demo", "ada", ExperimentState.Running, 0, "f", new Dictionary<JobState, int>(), DateTimeOffset.UnixEpoch, null), [Job("train cni", one), Job("train kd", two)]));
        await using (var view = new LiveView(screen, () => width, colour))
        {
            foreach (var id in new[] { one, two }) view.Changed(board, board.Take(To(id, JobState.Running)));
            view.Changed(board, board.Take(new JobProgressed(new ProgressMessage(one, "", new JobProgress("train", 3.2, 12, "epoch", 1.5, 0.25, 900, 61)))));
            await screen.DrawnAgain();
            view.Changed(board, board.Take(To(two, JobState.Failed, "no room")));
            await screen.DrawnAgain();
        }
        return screen.ToString();
    }

    [Fact]
    public async Task What_runs_is_drawn_and_only_what_ended_stays()
    {
        var text = await Show(160, colour: false);
        text.ShouldContain("train cni  ━━━━━─────────────  train epoch 3.2/12        loss 1.500  acc 25.0 %  900 img/s  61 s left\n");
        text.ShouldContain("failed     train kd: no room\n");
        AsSeen(text).ShouldBe(["failed     train kd: no room"]);
    }

    [Fact]
    public async Task No_line_is_longer_than_the_terminal_is_wide()
    {
        foreach (var line in (await Show(40, colour: true)).Split('\n').Where(line => line.Contains("epoch")))
            System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9]*[A-Za-z]", "").Length.ShouldBeLessThan(40);
    }

    /// <summary>What a terminal shows at the end: the two sequences for going up and for erasing, applied.</summary>
    static List<string> AsSeen(string text)
    {
        var lines = new List<string>();
        foreach (var piece in text.Split('\n'))
        {
            var line = piece;
            if (System.Text.RegularExpressions.Regex.Match(line, "^\e\\[([0-9]+)F\e\\[J") is { Success: true } up)
            {
                lines.RemoveRange(lines.Count - int.Parse(up.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), int.Parse(up.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
                line = line[up.Length..];
            }
            lines.Add(line);
        }
        lines[^1].ShouldBeEmpty();
        return lines[..^1];
    }

    static JobChanged To(Guid id, JobState state, string? failure = null) =>
        new(new StateMessage(id, "", null, state, 1, "w", "", DateTimeOffset.UnixEpoch, failure is null ? null : new JobFailure(FailureKind.Permanent, failure, "")));

    static ExperimentJob Job(string name, Guid id) => new(name, false, new JobView
    {
        Id = id, Name = name, Kind = "train", State = JobState.Queued, Fingerprint = "f", Attempt = 0, MaxAttempts = 5, Fence = 1, Priority = 0, Worker = null, CancelRequested = false,
        Progress = null, Result = null, Failure = null, DependsOn = [], CreatedAt = DateTimeOffset.UnixEpoch, StartedAt = null, FinishedAt = null,
    });

    /// <summary>Keeps what is written and tells when the next whole drawing came.</summary>
    sealed class Screen : TextWriter
    {
        readonly Lock gate = new();
        readonly System.Text.StringBuilder text = new();
        TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override System.Text.Encoding Encoding => System.Text.Encoding.UTF8;

        public override void Write(string? value)
        {
            lock (gate)
            {
                text.Append(value);
                var drawn = next;
                next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                drawn.SetResult();
            }
        }

        /// <summary>The second drawing from now on has begun after now.</summary>
        public async Task DrawnAgain()
        {
            for (var i = 0; i < 2; i++)
            {
                Task drawn;
                lock (gate) drawn = next.Task;
                await drawn;
            }
        }

        public override string ToString()
        {
            lock (gate) return text.ToString();
        }
    }
}
