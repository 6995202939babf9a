using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Worker.Devices;
using KdRobust.Worker.Frames;

namespace KdRobust.Worker.Running;

/// <summary>
/// The run process: takes one job after the other from its supervisor and computes it on this very thread. It knows no
/// database, and it ends when the supervisor does: a thread of its own watches the pipe, so that no computation keeps
/// the device from a successor.
/// </summary>
sealed class RunProcessLoop(FramePipe pipe, IRunSource runs)
{
    /// <summary>The supervisor is gone.</summary>
    const int Orphaned = 3;

    /// <summary>A run ended in a way that leaves the state of this process in doubt.</summary>
    const int Crashed = 70;

    readonly System.Collections.Concurrent.BlockingCollection<(RunRequest Request, StopSignal Stop)> requests = [];
    readonly Outbox outbox = new(pipe, Path.GetTempPath(), error => PipeBroke(error));
    readonly Lock guard = new();
    (Guid Job, StopSignal Stop)? running;

    /// <summary>Says hello and serves until the supervisor closes the pipe. Does not return.</summary>
    internal void Serve(ComputeSpec compute)
    {
        new Thread(Listen) { IsBackground = true, Name = "supervisor's pipe" }.Start();
        outbox.Send(new Hello(Frame.Version, runs.Open(compute)));
        foreach (var (request, stop) in requests.GetConsumingEnumerable())
            Run(request, stop);
    }

    void Listen()
    {
        try
        {
            while (pipe.Receive().AsTask().GetAwaiter().GetResult() is { } frame)
            {
                switch (frame)
                {
                    case JobFrame job:
                        var signal = new StopSignal();
                        lock (guard)
                            running = (job.Request.JobId, signal);
                        requests.Add((job.Request, signal));
                        break;
                    case StopFrame stop:
                        lock (guard)
                        {
                            if (running is { } now && now.Job == stop.JobId)
                                now.Stop.Request(stop.Reason);
                        }
                        break;
                    default:
                        throw new InvalidDataException($"a supervisor does not send {frame.GetType().Name}");
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            PipeBroke(error);
        }
        StandardPipes.EndNow(Orphaned);
    }

    static void PipeBroke(Exception error)
    {
        Console.Error.WriteLine($"nothing can be told to the supervisor any more: {error.Message}");
        StandardPipes.EndNow(Orphaned);
    }

    void Run(RunRequest request, StopSignal stop)
    {
        try
        {
            foreach (var happened in runs.Execute(request, stop))
                Tell(happened);
        }
        catch (RunInputException error)
        {
            outbox.Send(new FailedFrame(new JobFailure(FailureKind.Permanent, error.Message, error.InnerException?.ToString() ?? "")));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Files: the data folder is away, the disk is full. The pipe is not among them: without it there is no process.
            outbox.Send(new FailedFrame(new JobFailure(FailureKind.Transient, error.Message, error.ToString())));
        }
        catch (Exception error)
        {
            // A bug, or memory that ran out: nobody knows what is left of this process.
            outbox.Send(new FailedFrame(new JobFailure(DeviceFault.KindOf(error), $"{error.GetType().Name}: {error.Message}", error.ToString())));
            outbox.Complete();
            StandardPipes.EndNow(Crashed);
        }
    }

    void Tell(RunEvent happened)
    {
        switch (happened)
        {
            case ProgressMade made:
                outbox.Send(new ProgressFrame(made.Progress));
                break;
            case MetricsRecorded recorded:
                outbox.Send(new MetricsFrame(recorded.Points));
                break;
            case CheckpointTaken taken:
                outbox.Send(taken);
                break;
            case RunFinished finished:
                outbox.Send(new ResultFrame(finished.Result));
                break;
            case RunStopped stopped:
                outbox.Send(new StoppedFrame(stopped.Reason));
                break;
            default:
                throw new InvalidOperationException($"no frame for the event {happened.GetType().Name}");
        }
    }
}
