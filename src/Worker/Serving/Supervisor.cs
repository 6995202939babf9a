using System.Reflection;
using System.Runtime.InteropServices;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Workers;
using KdRobust.Queue.Slots;
using KdRobust.Worker.Devices;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdRobust.Worker.Serving;

/// <summary>
/// The verb <c>serve</c>: claims jobs, keeps their leases, passes what runs tell to the database, and ends them when it
/// must. It computes nothing and never loads libtorch; a run that dies takes nothing with it.
/// </summary>
static class Supervisor
{
    // A job whose wake-up was lost starts within two seconds, the claim included.
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1.8);
    const long CacheLimit = 4L << 30;

    /// <summary>Serves until SIGTERM or SIGINT, then drains.</summary>
    /// <param name="options">What to serve.</param>
    /// <param name="command">Program and leading arguments that start a run process.</param>
    /// <param name="loggers">Where to log.</param>
    /// <returns>The exit code.</returns>
    internal static async Task<int> Serve(WorkerOptions options, IReadOnlyList<string> command, ILoggerFactory loggers)
    {
        var log = loggers.CreateLogger(typeof(Supervisor).FullName!);
        var time = TimeProvider.System;
        using var draining = new CancellationTokenSource();
        void Drain(PosixSignalContext signal)
        {
            signal.Cancel = true;
            // The second signal means it: run processes end with us.
            if (draining.IsCancellationRequested)
                Environment.Exit(130);
            WorkerLog.Draining(log);
            draining.CancelThroughWeatherNow();
        }
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Drain);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Drain);

        await using var database = Database.Open(options.ConnectionString, "kdr-worker");
        if (await Trouble(database, draining.Token) is { } trouble)
        {
            await Console.Error.WriteLineAsync(trouble);
            return 7;
        }
        if (draining.IsCancellationRequested)
            return 0;

        var stores = new RunStores(new JobStore(database, options.Lease), new MetricStore(database), new CheckpointStore(database), new ModelFileStore(database, time));
        var workers = new WorkerStore(database);
        await using var processes = new RunProcesses(options, command, loggers.CreateLogger<RunProcesses>());
        await using var feed = new ChangeFeed(database, Engines.TopicsOf(options.Engine), Poll, loggers.CreateLogger<ChangeFeed>());
        var devices = new SlotDevices(options, new NvidiaSmi(time), new DeviceStore(database), loggers.CreateLogger<SlotDevices>());
        var executor = new JobExecutor(
            options, processes, stores, new InputCache(Path.Combine(options.Scratch, "inputs"), CacheLimit),
            new ScratchRoom(options.Scratch, time, loggers.CreateLogger<ScratchRoom>()), devices, time, loggers.CreateLogger<JobExecutor>());
        var offered = new EngineSettings(options.Name, options.Device, options.Slots, options.Cores) { Labels = options.Labels };
        var engine = Engines.Create(options.Engine, new EngineParts(database, stores.Jobs, feed, executor, offered, options.Lease, time, loggers));

        using var ending = new CancellationTokenSource();
        var self = new WorkerInfo(
            options.Name, Environment.MachineName, Environment.ProcessId, options.Device == DeviceKind.Cuda ? "cuda" : "cpu", options.Cores, Build, null)
        {
            Labels = options.Labels, Kinds = ResultsVersions.Known,
        };
        var presence = new Presence(workers, self, processes, devices, engine, options.Lease, Path.Combine(options.Scratch, "alive"), time, loggers.CreateLogger<Presence>()).Show(ending.Token);
        var reaping = new Reaper(stores.Jobs, stores.Checkpoints, sweeps: null, options.Lease, time, loggers.CreateLogger<Reaper>()).Run(ending.Token);
        WorkerLog.Serving(log, options.Name, options.Slots, self.Device, options.Cores, engine.Name, options.Scratch);
        // Both last until they are told to end: if one of them ends before, that is a bug, and a worker that nobody sees or that
        // takes no dead worker's jobs must not go on as if nothing were wrong.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(draining.Token);
        try
        {
            var working = engine.Run(stopping.Token);
            if (await Task.WhenAny(working, presence, reaping) != working)
            {
                WorkerLog.Broken(log, (presence.IsCompleted ? presence : reaping).Exception);
                await stopping.CancelThroughWeatherAsync();
            }
            await working;
        }
        catch (RunProcessStartException error)
        {
            await Console.Error.WriteLineAsync($"no run process can be started: {error.Message}");
            return 1;
        }
        finally
        {
            await ending.CancelThroughWeatherAsync();
            await Task.WhenAll(presence, reaping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if ((presence.Exception ?? reaping.Exception)?.GetBaseException() is { } bug)
        {
            await Console.Error.WriteLineAsync($"the worker ends because of a bug; its jobs went back to the queue: {bug.Message}");
            return 1;
        }
        await SayGoodbye(workers, self);
        WorkerLog.Stopped(log);
        return 0;
    }

    /// <summary>What is wrong with the database, in one line; null when nothing is, or when told to end. Waits half a minute for one that is starting, two minutes for one that is being migrated.</summary>
    static async Task<string?> Trouble(NpgsqlDataSource database, CancellationToken ct)
    {
        for (var attempt = 0; !ct.IsCancellationRequested; attempt++)
        {
            try
            {
                if (await Database.IsMigrated(database, ct))
                    return null;
                if (attempt >= 120)
                    return "the database has no schema of this build: start the API once, or run KdRobust.Api migrate";
            }
            catch (Exception error) when (Database.CertificateRefused(error) is not null)
            {
                return $"PostgreSQL is not trusted: {Database.CertificateRefused(error)}";
            }
            catch (NewerDatabaseException newer)
            {
                return newer.Message;
            }
            catch (PostgresException error) when (!Database.IsWeather(error))
            {
                return $"PostgreSQL refuses this worker: {error.MessageText}. Check {Database.Variable}";
            }
            catch (Exception error) when (Database.IsWeather(error) && attempt >= 30)
            {
                return $"PostgreSQL cannot be reached ({error.Message}): start it, or let {Database.Variable} name where it runs";
            }
            catch (Exception error) when (Database.IsWeather(error) || ct.IsCancellationRequested)
            {
                // It may be starting.
            }
            await Task.Delay(TimeSpan.FromSeconds(1), ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return null;
    }

    static async Task SayGoodbye(WorkerStore workers, WorkerInfo self)
    {
        try
        {
            await workers.Stopped(self.Name, self.ProcessId);
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            // Nobody is misled for long: it is not seen any more.
        }
    }

    static string Build => typeof(Supervisor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
