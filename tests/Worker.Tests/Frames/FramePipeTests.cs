using System.Buffers.Binary;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Frames;

namespace KdRobust.Worker.Tests.Frames;

public sealed class FramePipeTests
{
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
}
