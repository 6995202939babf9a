using Hangfire;
using Hangfire.Logging;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdRobust.Queue.Hangfire;

/// <summary>Hangfire beside a program that runs no jobs: its jobs are kept as the rows are, and people may ask for something at its pages.</summary>
public sealed class HangfireMirror
{
    readonly HangfireParts hangfire;
    readonly RowMirror mirror;
    readonly ChangeFeed feed;
    readonly TimeProvider time;
    readonly ILogger<HangfireMirror> log;

    /// <summary>One that has not begun.</summary>
    /// <param name="database">The pool.</param>
    /// <param name="jobs">The rows.</param>
    /// <param name="feed">Hears <see cref="ChangeTopic.Job"/>.</param>
    /// <param name="time">For waits after bad weather.</param>
    /// <param name="loggers">Where to log.</param>
    public HangfireMirror(NpgsqlDataSource database, JobStore jobs, ChangeFeed feed, TimeProvider time, ILoggerFactory loggers)
    {
        LogProvider.SetCurrentLogProvider(new HangfireLogs(loggers));
        (this.feed, this.time, log) = (feed, time, loggers.CreateLogger<HangfireMirror>());
        hangfire = new HangfireParts(database, jobs);
        mirror = new RowMirror(hangfire, log);
    }

    /// <summary>Where Hangfire's pages read.</summary>
    public JobStorage Storage => hangfire.Storage;

    /// <summary>A client all of whose changes are put before the row.</summary>
    public IBackgroundJobClient Client => new BackgroundJobClient(hangfire.Storage, hangfire.Deciding);

    /// <summary>Follows the rows until told to end.</summary>
    public async Task Run(CancellationToken ct)
    {
        var news = new RowNews();
        var ears = Listen(news, ct);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var (changed, everything) = await news.Next(ct);
                await mirror.Follow(changed, ct);
                if (everything)
                    await mirror.Sweep(ct);
            }
            catch (Exception error) when (!ct.IsCancellationRequested)
            {
                HangfireLog.Postponed(log, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        await ears.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task Listen(RowNews news, CancellationToken ct)
    {
        await foreach (var change in feed.Listen(change => change.Topic == ChangeTopic.Job, ct))
            news.Hear(change);
    }
}
