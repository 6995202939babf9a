using KdRobust.Domain.Runs;
using KdRobust.Worker.Frames;

namespace KdRobust.Worker.Running;

/// <summary>
/// What a run tells, on its way to the supervisor in the order it was told. A thread of its own sends, so that the thread that
/// computes waits neither for the pipe nor for the database behind it: a checkpoint costs it one copy into a temporary file.
/// Bounded: one checkpoint and so many frames wait; then the run does. Numbers and progress wake nobody up for themselves, which
/// would cost more than to tell them; they go within a moment.
/// </summary>
sealed class Outbox
{
    const int MostWaiting = 4096;
    const long MostInMemory = 1 << 30;
    static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    // After so many moments of silence the sender sleeps until it is woken.
    const int Patience = 40;

    readonly FramePipe pipe;
    readonly string folder;
    readonly object guard = new();
    readonly SemaphoreSlim checkpoints = new(1, 1);
    readonly Thread sending;
    List<(Frame Frame, Stream? Content)> waiting = [];
    bool complete, asleep;

    /// <summary>Begins to send.</summary>
    /// <param name="pipe">To the supervisor.</param>
    /// <param name="folder">Where a checkpoint lies while it is on its way.</param>
    /// <param name="broken">Called on the sending thread when the pipe is gone; nothing is sent any more.</param>
    internal Outbox(FramePipe pipe, string folder, Action<IOException> broken)
    {
        (this.pipe, this.folder) = (pipe, folder);
        sending = new Thread(() => Work(broken)) { IsBackground = true, Name = "outbox" };
        sending.Start();
    }

    /// <summary>Sends a frame after all that was sent before.</summary>
    internal void Send(Frame frame) => Add(frame, null);

    /// <summary>Copies a checkpoint and sends it after all that was sent before; waits while another one is on its way. Nothing of one that could not be written is sent.</summary>
    /// <exception cref="IOException">The folder takes no more, and the checkpoint is too large to be kept in memory instead.</exception>
    /// <exception cref="InvalidOperationException">It has another length than announced.</exception>
    internal void Send(CheckpointTaken taken)
    {
        checkpoints.Wait();
        Stream content;
        try
        {
            content = Copied(taken);
        }
        catch
        {
            checkpoints.Release();
            throw;
        }
        Add(new CheckpointBegin(taken.Role, taken.Name, taken.Epoch, taken.Step, taken.Bytes), content);
    }

    /// <summary>Waits until all is sent; nothing may be sent afterwards.</summary>
    internal void Complete()
    {
        lock (guard)
        {
            complete = true;
            Monitor.PulseAll(guard);
        }
        sending.Join();
    }

    Stream Copied(CheckpointTaken taken)
    {
        try
        {
            return Copied(taken, new FileStream(
                Path.Combine(folder, $"checkpoint-{Guid.NewGuid():N}"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 1 << 20, Options = FileOptions.DeleteOnClose }));
        }
        catch (IOException) when (taken.Bytes <= MostInMemory)
        {
            // A full disk costs memory for a while, not the run an attempt.
            return Copied(taken, new MemoryStream((int)taken.Bytes));
        }
    }

    static Stream Copied(CheckpointTaken taken, Stream content)
    {
        try
        {
            taken.WriteTo(content);
            if (content.Length != taken.Bytes)
                throw new InvalidOperationException($"a checkpoint announced as {taken.Bytes} bytes has {content.Length}");
            content.Flush();
            content.Position = 0;
            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    void Add(Frame frame, Stream? content)
    {
        lock (guard)
        {
            while (waiting.Count >= MostWaiting)
            {
                Monitor.PulseAll(guard);
                Monitor.Wait(guard);
            }
            waiting.Add((frame, content));
            if (asleep || frame is not (MetricsFrame or ProgressFrame))
                Monitor.PulseAll(guard);
        }
    }

    /// <summary>All that waits, as soon as there is something; nothing at the end.</summary>
    List<(Frame Frame, Stream? Content)> Take()
    {
        lock (guard)
        {
            for (var moments = 0; waiting.Count == 0 && !complete; moments++)
            {
                asleep = moments >= Patience;
                Monitor.Wait(guard, asleep ? Timeout.InfiniteTimeSpan : Moment);
            }
            asleep = false;
            var taken = waiting;
            waiting = [];
            Monitor.PulseAll(guard); // There is room again.
            return taken;
        }
    }

    void Work(Action<IOException> broken)
    {
        try
        {
            while (Take() is { Count: > 0 } taken)
            {
                foreach (var (frame, content) in taken)
                {
                    Now(frame);
                    if (content is not null)
                        Now(content);
                }
            }
        }
        catch (IOException error)
        {
            broken(error);
        }
    }

    void Now(Frame frame) => pipe.Send(frame).AsTask().GetAwaiter().GetResult();

    void Now(Stream content)
    {
        var buffer = new byte[1 << 20];
        using (content)
        {
            for (int read; (read = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
                pipe.Send(new CheckpointChunk(read), buffer.AsMemory(0, read)).AsTask().GetAwaiter().GetResult();
        }
        Now(new CheckpointEnd());
        checkpoints.Release();
    }
}
