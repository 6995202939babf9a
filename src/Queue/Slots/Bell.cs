using System.Threading.Channels;

namespace KdRobust.Queue.Slots;

/// <summary>Wakes one idle slot a ring; rings that nobody waited for are one.</summary>
sealed class Bell
{
    readonly Channel<bool> rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal void Ring() => rung.Writer.TryWrite(true);

    internal async Task Wait(CancellationToken ct) => await rung.Reader.ReadAsync(ct);
}
