using System.Globalization;
using Npgsql;

namespace KdRobust.Service.Bench;

/// <summary>A database of its own on the server under test, and the processes that work over it.</summary>
sealed class Place : IAsyncDisposable
{
    readonly NpgsqlDataSource administration;
    readonly string name;
    readonly string folder;
    readonly List<Child> children = [];

    Place(NpgsqlDataSource administration, string name, string connectionString, string folder)
    {
        (this.administration, this.name, ConnectionString, this.folder) = (administration, name, connectionString, folder);
        Database = KdRobust.Persistence.Schema.Database.Open(connectionString, "service-bench");
    }

    /// <summary>How programs reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>The pool through which the bench itself looks and acts, as a worker would.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Where the API answers.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>An admin's key.</summary>
    public string Key { get; private set; } = null!;

    /// <summary>The API's process.</summary>
    public Child Api { get; private set; } = null!;

    /// <summary>Makes an empty database and brings its schema up.</summary>
    public static async Task<Place> Make(NpgsqlDataSource administration, string named, string name)
    {
        await Run(administration, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await Run(administration, $"CREATE DATABASE {name}");
        var place = new Place(
            administration, name, new NpgsqlConnectionStringBuilder(named) { Database = name }.ConnectionString, Directory.CreateTempSubdirectory("kdr-service-bench-").FullName);
        await KdRobust.Persistence.Schema.Database.Migrate(place.Database);
        return place;
    }

    /// <summary>Starts the API over it; returns when it answers.</summary>
    /// <param name="lease">Seconds of a lease.</param>
    public async Task StartApi(int lease = 60)
    {
        var program = Environment.GetEnvironmentVariable("KDR_API_PROGRAM") ?? throw new InvalidOperationException("KDR_API_PROGRAM must name KdRobust.Api.dll");
        var (addressFile, keyFile) = (Path.Combine(folder, "address"), Path.Combine(folder, "key"));
        Api = Child.Start(
            program, ["--listen", "127.0.0.1:0", "--key-file", keyFile, "--address-file", addressFile, "--rate", "0", "--lease", Text(lease), "--until-stdin-ends"],
            new Dictionary<string, string>(StringComparer.Ordinal) { [KdRobust.Persistence.Schema.Database.Variable] = ConnectionString }, Path.Combine(folder, "api.log"));
        children.Add(Api);
        Address = new Uri(await Api.Told(addressFile));
        Key = (await File.ReadAllTextAsync(keyFile)).Trim();
    }

    /// <summary>Starts <see cref="EmptyEndpoint"/> over it; returns where it answers.</summary>
    public async Task<Uri> StartFloor()
    {
        var addressFile = Path.Combine(folder, "floor");
        var floor = Child.Start(
            typeof(Place).Assembly.Location, ["empty", addressFile], new Dictionary<string, string>(StringComparer.Ordinal) { [KdRobust.Persistence.Schema.Database.Variable] = ConnectionString },
            Path.Combine(folder, "floor.log"));
        children.Add(floor);
        return new Uri(await floor.Told(addressFile));
    }

    /// <summary>Starts a worker whose runs only wait and tell; returns when it is seen and its slots are ready.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="slots">Jobs at the same time.</param>
    /// <param name="work">What each of its runs does.</param>
    /// <param name="lease">Seconds of a lease.</param>
    public async Task<Child> StartWorker(string worker, int slots, SimulatedWork work, int lease = 60)
    {
        // The name is in its lock files, which belong to the whole machine.
        var child = Child.Start(
            typeof(Place).Assembly.Location,
            ["serve", "--name", worker, "--cores", Text(slots), "--scratch", Path.Combine(folder, worker), "--lease", Text(lease)],
            new Dictionary<string, string>(StringComparer.Ordinal) { [KdRobust.Persistence.Schema.Database.Variable] = ConnectionString, [SimulatedWork.Variable] = work.ToJson() },
            Path.Combine(folder, worker + ".log"));
        children.Add(child);
        await Until(() => Value<bool>($"SELECT EXISTS (SELECT 1 FROM worker WHERE name = '{worker}')"), 120);
        await Until(() => Task.FromResult(ProcessUse.Children(child.Id).Count == slots), 120);
        return child;
    }

    /// <summary>Connects to the API.</summary>
    public Task<Wire> Connect() => Wire.Connect(Address, Key);

    /// <summary>Waits until something holds.</summary>
    /// <param name="holds">Asked again and again.</param>
    /// <param name="seconds">After which it is an error.</param>
    public static async Task Until(Func<Task<bool>> holds, double seconds)
    {
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds > seconds) throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"what was waited for did not come within {seconds} s"));
            await Task.Delay(20);
        }
    }

    /// <summary>Runs statements.</summary>
    public Task Run(string sql) => Run(Database, sql);

    /// <summary>The first value of the first row.</summary>
    public async Task<T> Value<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 300;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The first column of all rows.</summary>
    public async Task<List<T>> Column<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync()) values.Add(await reader.GetFieldValueAsync<T>(0));
        return values;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(children.AsEnumerable().Reverse().Select(child => child.DisposeAsync().AsTask()));
        await Database.DisposeAsync();
        await Run(administration, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        Directory.Delete(folder, recursive: true);
    }

    static async Task Run(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
