using KdRobust.Cli.Client;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Tests.Watching;

public sealed class PlainViewTests
{
    static readonly Guid Job = Guid.NewGuid();
    static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    readonly StillClock clock = new();
    readonly StringWriter output = new();
    readonly ExperimentBoard board = new(new ExperimentDetail(
        new(Guid.NewGuid(), "demo", "Demo", "ada", ExperimentState.Queued, 0, "f", new Dictionary<JobState, int>(), Noon, null),
        [new("train/cni", false, new JobView
        {
            Id = Job, Name = "train cni", Kind = "train", State = JobState.Queued, Fingerprint = "f", Attempt = 0, MaxAttempts = 5, Fence = 0, Priority = 0, Worker = null,
            CancelRequested = false, Progress = null, Result = null, Failure = null, DependsOn = [], CreatedAt = Noon, StartedAt = null, FinishedAt = null,
        })]));

    string Show(params ServiceMessage[] messages)
    {
        var view = new PlainView(output, clock);
        foreach (var message in messages) view.Changed(board, board.Take(message));
        return output.ToString();
    }

    static JobChanged To(JobState to, int attempt = 1, int seconds = 0, string? failure = null) => new(new StateMessage(
        Job, "train cni", null, to, attempt, "worker-1", "", Noon.AddSeconds(seconds), failure is null ? null : new JobFailure(FailureKind.Permanent, failure, "")));

    static JobProgressed At(double done, string unit = "epoch") => new(new ProgressMessage(Job, "train cni", new JobProgress("train", done, 12, unit, 1.875, 0.314, 812.4, 95)));

    [Fact]
    public void A_run_is_a_line_at_start_each_epoch_and_end() =>
        Show(To(JobState.Running), At(0.5), At(0.9), At(1.2), At(1.7), At(2), To(JobState.Succeeded, seconds: 125)).ReplaceLineEndings("\n").ShouldBe(
            """
            [0/1] train cni: started on worker-1
            train cni: train epoch 0.5/12, loss 1.875, accuracy 31.4 %, 812 images/s, 95 s left
            train cni: train epoch 1.2/12, loss 1.875, accuracy 31.4 %, 812 images/s, 95 s left
            train cni: train epoch 2.0/12, loss 1.875, accuracy 31.4 %, 812 images/s, 95 s left
            [1/1] train cni: done in 2 min 05 s

            """.ReplaceLineEndings("\n"));

    [Fact]
    public void Smaller_units_are_told_every_ten_seconds_only()
    {
        Show(To(JobState.Running), At(100, "image"), At(150, "image"), At(200, "image"));
        clock.Pass(TimeSpan.FromSeconds(10));
        Show(At(300, "image")).Split('\n').Count(line => line.Contains("image ")).ShouldBe(2);
    }

    [Fact]
    public void A_second_attempt_and_a_failure_are_told() =>
        Show(To(JobState.Running), To(JobState.Queued), To(JobState.Running, attempt: 2), To(JobState.Failed, attempt: 2, failure: "disk full")).ReplaceLineEndings("\n").ShouldBe(
            """
            [0/1] train cni: started on worker-1
            [0/1] train cni: given back, will go on from its last checkpoint
            [0/1] train cni: started on worker-1, attempt 2
            [1/1] train cni: FAILED: disk full

            """.ReplaceLineEndings("\n"));

    [Fact]
    public void The_history_that_a_stream_begins_with_changes_nothing_that_has_ended()
    {
        Show(To(JobState.Running), To(JobState.Succeeded));
        var before = output.ToString();
        Show(To(JobState.Queued), To(JobState.Running), To(JobState.Succeeded)).ShouldBe(before);
        board.Jobs.Single().State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public void A_remark_is_no_change_of_state_and_a_job_taken_back_says_why()
    {
        static JobChanged Line(JobState from, JobState to, string reason) => new(new StateMessage(Job, "train cni", from, to, 1, "worker-1", reason, Noon, null));
        Show(To(JobState.Running), Line(JobState.Running, JobState.Running, "priority 0 became 5, by ada")).Split('\n').Length.ShouldBe(2, "the remark is no line");
        board.Jobs.Single().State.ShouldBe(JobState.Running);
        Show(Line(JobState.Running, JobState.Queued, "will be tried again: out of memory")).ShouldEndWith("[0/1] train cni: will be tried again: out of memory; goes on from its last checkpoint\n");
        Show(To(JobState.Running), Line(JobState.Running, JobState.Failed, "broken"), Line(JobState.Failed, JobState.Queued, "retried by ada")).ShouldEndWith("[0/1] train cni: retried by ada\n");
        board.Jobs.Single().State.ShouldBe(JobState.Queued);
    }

    sealed class StillClock : TimeProvider
    {
        long now;

        public override long GetTimestamp() => now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => now += time.Ticks;
    }
}
