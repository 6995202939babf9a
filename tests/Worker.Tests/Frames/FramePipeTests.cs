using System.Buffers.Binary;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Frames;

namespace KdRobust.Worker.Tests.Frames;

public sealed class FramePipeTests
{
    [Fact]
    public async Task Frames_and_a_checkpoint_come_through_in_order()
    {
        var wire = new MemoryStream();
        var sender = new FramePipe(Stream.Null, wire);
        var content = new byte[(2 << 20) + 12_345];
        new Random(1).NextBytes(content);
        await sender.Send(new ProgressFrame(new JobProgress("train", 1, 2, "epoch", 0.5, null, 100, null)));
        await sender.Send(new CheckpointBegin(CheckpointRole.Resume, "resume", 3, 4, content.Length));
        using (var writer = new CheckpointSender(sender, content.Length))
        {
            writer.Write(content.AsSpan(0, 7));
            writer.Write(content.AsSpan(7));
            writer.Complete();
        }
        await sender.Send(new StoppedFrame(StopReason.Drain));

        wire.Position = 0;
        var receiver = new FramePipe(wire, Stream.Null);
        (await receiver.Receive()).ShouldBe(new ProgressFrame(new JobProgress("train", 1, 2, "epoch", 0.5, null, 100, null)));
        (await receiver.Receive()).ShouldBe(new CheckpointBegin(CheckpointRole.Resume, "resume", 3, 4, content.Length));
        var copy = new MemoryStream();
        await new CheckpointReceiver(receiver).CopyToAsync(copy);
        copy.ToArray().ShouldBe(content);
        (await receiver.Receive()).ShouldBe(new StoppedFrame(StopReason.Drain));
        (await receiver.Receive()).ShouldBeNull();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public async Task Length_that_cannot_be_is_refused_before_memory_is_taken(int length)
    {
        var wire = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(wire, length);
        await Should.ThrowAsync<InvalidDataException>(async () => await new FramePipe(new MemoryStream(wire), Stream.Null).Receive());
    }

    [Fact]
    public async Task Frame_that_breaks_off_is_an_end_and_not_a_frame()
    {
        var wire = new MemoryStream();
        await new FramePipe(Stream.Null, wire).Send(new StoppedFrame(StopReason.Cancel));
        for (var length = 1; length < wire.Length; length++)
            await Should.ThrowAsync<EndOfStreamException>(async () => await new FramePipe(new MemoryStream(wire.ToArray()[..length]), Stream.Null).Receive());
    }

    [Fact]
    public async Task Frame_of_another_build_is_refused()
    {
        var header = "{\"kind\":\"progress\",\"colour\":\"red\"}"u8.ToArray();
        var wire = new byte[4 + header.Length];
        BinaryPrimitives.WriteInt32LittleEndian(wire, header.Length);
        header.CopyTo(wire, 4);
        await Should.ThrowAsync<InvalidDataException>(async () => await new FramePipe(new MemoryStream(wire), Stream.Null).Receive());
    }

    [Fact]
    public void Checkpoint_of_another_length_than_announced_is_a_bug_of_the_run()
    {
        var pipe = new FramePipe(Stream.Null, new MemoryStream());
        using var writer = new CheckpointSender(pipe, 10);
        writer.Write(new byte[9]);
        Should.Throw<InvalidOperationException>(writer.Complete);
        Should.Throw<InvalidOperationException>(() => writer.Write(new byte[2]));
    }
}
