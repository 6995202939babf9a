using System.IO.Pipelines;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Frames;
using KdRobust.Worker.Running;

namespace KdRobust.Worker.Tests.Running;

/// <summary>A run's way to its supervisor: in order, whole, and never in the computation's way.</summary>
public sealed class OutboxTests : IDisposable
{
    // Takes nothing before somebody reads: a pause of the writer at every byte.
    readonly Pipe wire = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));

    readonly string folder = Directory.CreateTempSubdirectory("kdr-outbox-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Frames_and_a_checkpoint_come_through_in_order()
    {
        var (outbox, supervisor) = Both();
        var content = Content((2 << 20) + 12_345);
        var progress = new ProgressFrame(new JobProgress("train", 1, 2, "epoch", 0.5, null, 100, null));
        outbox.Send(progress);
        outbox.Send(Taken(content.Length, stream =>
        {
            stream.Write(content.AsSpan(0, 7));
            stream.Write(content.AsSpan(7));
        }));
        outbox.Send(new StoppedFrame(StopReason.Drain));

        (await supervisor.Receive()).ShouldBe(progress);
        (await supervisor.Receive()).ShouldBe(new CheckpointBegin(CheckpointRole.Resume, "resume", 3, 4, content.Length));
        var copy = new MemoryStream();
        await new CheckpointReceiver(supervisor).CopyToAsync(copy);
        copy.ToArray().ShouldBe(content);
        (await supervisor.Receive()).ShouldBe(new StoppedFrame(StopReason.Drain));
        outbox.Complete();
        await wire.Writer.CompleteAsync();
        (await supervisor.Receive()).ShouldBeNull();
    }

    [Fact]
    public async Task A_supervisor_that_does_not_read_holds_no_computation_up()
    {
        var (outbox, supervisor) = Both();
        var content = Content(3 << 20);
        // Nobody reads yet, and all of this returns.
        await Task.Run(() =>
        {
            outbox.Send(Taken(content.Length, stream => stream.Write(content)));
            for (var i = 0; i < 1000; i++)
                outbox.Send(new MetricsFrame([new MetricPoint(i, MetricSeries.TrainLoss, 0, i, i)]));
        }).WaitAsync(TimeSpan.FromSeconds(60));
        Array.Clear(content);

        (await supervisor.Receive()).ShouldBeOfType<CheckpointBegin>();
        var copy = new MemoryStream();
        await new CheckpointReceiver(supervisor).CopyToAsync(copy);
        copy.ToArray().ShouldBe(Content(3 << 20), "what was told is what is sent, whatever the run does to its memory since");
        for (var i = 0; i < 1000; i++)
            (await supervisor.Receive()).ShouldBeOfType<MetricsFrame>().Points.ShouldHaveSingleItem().Ordinal.ShouldBe(i);
        outbox.Complete();
    }

    [Fact]
    public async Task A_folder_that_takes_nothing_costs_memory_and_not_the_run()
    {
        var outbox = new Outbox(new FramePipe(Stream.Null, wire.Writer.AsStream()), Path.Combine(folder, "not there"), error => throw new InvalidOperationException(error.Message, error));
        var supervisor = new FramePipe(wire.Reader.AsStream(), Stream.Null);
        var content = Content(100_000);
        outbox.Send(Taken(content.Length, stream => stream.Write(content)));
        (await supervisor.Receive()).ShouldBeOfType<CheckpointBegin>();
        var copy = new MemoryStream();
        await new CheckpointReceiver(supervisor).CopyToAsync(copy);
        copy.ToArray().ShouldBe(content);
        outbox.Complete();
    }

    [Fact]
    public async Task A_second_checkpoint_waits_until_the_first_is_sent()
    {
        var (outbox, supervisor) = Both();
        outbox.Send(Taken(8, stream => stream.Write(new byte[8])));
        var second = Task.Run(() => outbox.Send(Taken(9, stream => stream.Write(new byte[9]))));
        (await supervisor.Receive()).ShouldBeOfType<CheckpointBegin>();
        second.IsCompleted.ShouldBeFalse("a run that takes them faster than they are stored must not fill the disk");
        await new CheckpointReceiver(supervisor).CopyToAsync(Stream.Null);
        (await supervisor.Receive()).ShouldBeOfType<CheckpointBegin>().Bytes.ShouldBe(9);
        await second;
        await new CheckpointReceiver(supervisor).CopyToAsync(Stream.Null);
        outbox.Complete();
    }

    [Fact]
    public async Task Of_a_checkpoint_that_cannot_be_written_nothing_is_sent()
    {
        var (outbox, supervisor) = Both();
        Should.Throw<InvalidOperationException>(() => outbox.Send(Taken(10, stream => stream.Write(new byte[9])))).Message.ShouldContain("announced as 10 bytes has 9");
        Should.Throw<InvalidOperationException>(() => outbox.Send(Taken(10, stream => stream.Write(new byte[11]))));
        Should.Throw<IOException>(() => outbox.Send(Taken(10, _ => throw new IOException("no space left on device"))));
        var failed = new FailedFrame(new JobFailure(FailureKind.Transient, "no space left on device", ""));
        outbox.Send(failed);
        (await supervisor.Receive()).ShouldBe(failed);
        outbox.Send(Taken(3, stream => stream.Write(new byte[3])));
        (await supervisor.Receive()).ShouldBeOfType<CheckpointBegin>("and the next one is taken");
        await new CheckpointReceiver(supervisor).CopyToAsync(Stream.Null);
        outbox.Complete();
        Directory.GetFiles(folder).ShouldBeEmpty("what was on its way is deleted when it is sent, or cannot be");
    }

    [Fact]
    public async Task A_pipe_that_is_gone_is_told_once()
    {
        var told = new TaskCompletionSource<IOException>(TaskCreationOptions.RunContinuationsAsynchronously);
        var outbox = new Outbox(new FramePipe(Stream.Null, new Gone()), folder, error => told.SetResult(error));
        outbox.Send(new StoppedFrame(StopReason.Cancel));
        (await told.Task.WaitAsync(TimeSpan.FromSeconds(30))).Message.ShouldBe("Broken pipe");
    }

    (Outbox, FramePipe) Both() => (new Outbox(new FramePipe(Stream.Null, wire.Writer.AsStream()), folder, error => throw new InvalidOperationException(error.Message, error)), new FramePipe(wire.Reader.AsStream(), Stream.Null));

    static CheckpointTaken Taken(long bytes, Action<Stream> writeTo) => new(CheckpointRole.Resume, "resume", 3, 4, bytes, writeTo);

    static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        return content;
    }

    sealed class Gone : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("Broken pipe");
    }
}
