using KdRobust.Api.Access;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Chores;
using KdRobust.Telemetry;
using Npgsql;

namespace KdRobust.Api.Hosting;

/// <summary>The life of this process: migrate, leave a key, listen, say where, and stop.</summary>
static class ApiProcess
{
    const string FirstOwner = "admin";

    /// <summary>Runs until asked to stop.</summary>
    /// <returns>0, or 1 when it could not start; then one line on standard error says what to do.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, string? database)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            Console.WriteLine(ApiOptions.Usage);
            return 0;
        }
        try
        {
            if (arguments is ["backup" or "restore", ..]) return await BackupVerbs.Run(arguments, database);
            var options = ApiOptions.Parse(arguments, database) with { Otlp = OtlpSettings.Read(Environment.GetEnvironmentVariable) };
            await using var app = ApiApplication.Build(options);
            if (options.OnlyMigrate)
            {
                await Prepare(app, options);
                return 0;
            }
            await Start(app, options);
            if (options.UntilStdinEnds) _ = StopWhenInputEnds(app.Lifetime);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception refused) when (refused is StartRefusedException or TelemetrySettingException)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 1;
        }
    }

    /// <summary>Migrates, leaves a key, and begins to listen.</summary>
    /// <returns>The address, e.g. <c>http://127.0.0.1:41207</c>.</returns>
    public static async Task<string> Start(WebApplication app, ApiOptions options)
    {
        await Prepare(app, options);
        try
        {
            await app.StartAsync();
        }
        catch (IOException error)
        {
            throw new StartRefusedException($"{options.Listen} cannot be listened on ({error.GetBaseException().Message}): another program has the port. Choose another one, or 0 for any free one", error);
        }
        var address = app.Urls.Single();
        ApiLog.Listening(Log(app), address);
        if (options.AddressFile is { } addressFile)
        {
            await File.WriteAllTextAsync(addressFile + ".new", address + "\n");
            File.Move(addressFile + ".new", addressFile, overwrite: true);
        }
        return address;
    }

    /// <summary>Does one step of the start, which may be repeated, through a database that is starting too or restarts meanwhile.</summary>
    static async Task<T> OnceItAnswers<T>(WebApplication app, ApiOptions options, Func<Task<T>> step)
    {
        var time = app.Services.GetRequiredService<TimeProvider>();
        var begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await step();
            }
            catch (Exception error) when (Database.IsWeather(error) && Database.CertificateRefused(error) is null && time.GetElapsedTime(begun) < options.StartPatience)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.5), time);
            }
        }
    }

    /// <summary>Migrates and leaves a key.</summary>
    static async Task Prepare(WebApplication app, ApiOptions options)
    {
        var log = Log(app);
        try
        {
            var database = app.Services.GetRequiredService<NpgsqlDataSource>();
            var applied = await OnceItAnswers(app, options, () => Database.Migrate(database));
            if (applied.Count > 0) ApiLog.Migrated(log, string.Join(", ", applied));
            await OnceItAnswers(app, options, async () =>
            {
                await ChoreTables.Ensure(database);
#if HANGFIRE
                await KdRobust.Queue.Hangfire.HangfireTables.Ensure(database);
#endif
                return true;
            });
            if (options.KeyFile is { } file && await OnceItAnswers(app, options, () => KeyFile.Ensure(app.Services.GetRequiredService<ApiKeyStore>(), file, FirstOwner, CancellationToken.None)))
                ApiLog.KeyCreated(log, file);
        }
        catch (NewerDatabaseException newer)
        {
            throw new StartRefusedException(newer.Message, newer);
        }
        catch (Exception error) when (Database.CertificateRefused(error) is not null)
        {
            throw new StartRefusedException($"PostgreSQL is not trusted: {Database.CertificateRefused(error)}", error);
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            throw new StartRefusedException($"PostgreSQL does not answer ({error.Message}): is it running, and does KDR_DATABASE name it? ./kdr up starts one for this checkout", error);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StartRefusedException($"PostgreSQL refuses ({error.MessageText}): this role may not do that. If the schema is to change, run KdRobust.Api migrate with the migrator's KDR_DATABASE; then deploy/postgres/roles.sql once more", error);
        }
        catch (PostgresException error)
        {
            throw new StartRefusedException($"PostgreSQL refuses ({error.MessageText}): does KDR_DATABASE name the right user, password and database?", error);
        }
    }

    static ILogger Log(WebApplication app) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("KdRobust.Api");

    static async Task StopWhenInputEnds(IHostApplicationLifetime lifetime)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
        }
        lifetime.StopApplication();
    }
}
