using System.Globalization;
using System.Net;
using KdRobust.Persistence.Jobs;
using KdRobust.Queue.Chores;
using KdRobust.Telemetry;

namespace KdRobust.Api.Hosting;

/// <summary>How the API is started.</summary>
sealed record ApiOptions
{
    /// <summary>The first lines of <c>--help</c>.</summary>
    public const string Usage =
        """
        KdRobust.Api: the service's HTTP interface. PostgreSQL is named by KDR_DATABASE (an Npgsql connection string).
        KdRobust.Api migrate: bring the database's schema up to this build's, and end. It is done at each start as well, so this
        is for an API whose role may not change the schema (deploy/postgres/roles.sql).
          --listen HOST:PORT     address to listen on; default 127.0.0.1:5080, port 0 takes a free one
          --allow-remote         allow an address other machines can reach (put TLS in front of it)
          --key-file FILE        write an admin key into FILE (mode 0600) unless it already holds a valid one
          --address-file FILE    write the address into FILE once requests are answered
          --log-folder FOLDER    also log as JSON, one file a day, into FOLDER
          --largest-model MIB    largest file of weights that may be uploaded, in MiB; default 1024
          --rate N               requests a second that one key may make of this process; default 1000, 0 for no limit
          --burst N              requests it may make at once before that; default 5000
          --longest-request S    seconds before a request is given up; default 60 (streams and files are not limited)
          --lease SECONDS        how long a worker may be silent; default 60, the same as the workers are given
          --chores FILE          JSON settings of retention and backups (docs/operations.md); the same for every replica
          --until-stdin-ends     stop when standard input ends, i.e. when whoever started it is gone
        KdRobust.Api backup FILE|FOLDER          copy the database into a file, while the service runs
        KdRobust.Api restore FILE [--yes]        replace the database by a copy; nothing else may use it
        """;

    public required string Database { get; init; }
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 5080);
    public string? KeyFile { get; init; }
    public string? AddressFile { get; init; }
    public string? LogFolder { get; init; }
    public bool UntilStdinEnds { get; init; }

    /// <summary>Bring the schema up to this build's and end.</summary>
    public bool OnlyMigrate { get; init; }

    /// <summary>Where logs, traces and metrics are sent; null for nowhere.</summary>
    public OtlpSettings? Otlp { get; init; }

    /// <summary>How long a worker may be silent; the same for every program of one service.</summary>
    public LeaseSettings Lease { get; init; } = new();

    /// <summary>When the service's own chores run, and what they may do.</summary>
    public ChoreSettings Chores { get; init; } = new();

    /// <summary>Between two looks at whether the scheduler knows every schedule.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How late a scheduled firing may be before it counts as missed.</summary>
    public TimeSpan MissedAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a database that does not answer is waited for at the start, e.g. one that is starting too.</summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest request body, in bytes: the largest spec.</summary>
    public int LargestBody { get; init; } = 1 << 20;

    /// <summary>Largest file of weights that may be uploaded, in bytes.</summary>
    public long LargestModel { get; init; } = 1L << 30;

    /// <summary>Requests a second that one key may make of this process; 0 for no limit.</summary>
    public int Rate { get; init; } = 1000;

    /// <summary>Requests that a key may make at once before its rate counts.</summary>
    public int Burst { get; init; } = 5000;

    /// <summary>After so long a request is given up; what is streamed is not.</summary>
    public TimeSpan LongestRequest { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a request waits for an earlier one under its Idempotency-Key.</summary>
    public TimeSpan IdempotencyPatience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Between two signs of life on an event stream.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads the command line.</summary>
    /// <exception cref="StartRefusedException">It is wrong; the message says what is expected.</exception>
    public static ApiOptions Parse(IReadOnlyList<string> arguments, string? database)
    {
        if (string.IsNullOrWhiteSpace(database))
            throw new StartRefusedException("KDR_DATABASE is not set: it must hold the connection string of PostgreSQL, e.g. Host=localhost;Username=kdrobust;Database=kdrobust");
        if (Persistence.Schema.Database.Malformed(database) is { } problem)
            throw new StartRefusedException($"KDR_DATABASE is not a connection string of Npgsql, e.g. Host=localhost;Username=kdrobust;Database=kdrobust: {problem}");
        var options = new ApiOptions { Database = database, OnlyMigrate = arguments is ["migrate", ..] };
        var remote = false;
        for (var i = options.OnlyMigrate ? 1 : 0; i < arguments.Count; i++)
        {
            string Value() => i + 1 < arguments.Count ? arguments[++i] : throw new StartRefusedException($"{arguments[i]} needs a value\n{Usage}");
            switch (arguments[i])
            {
                case "--listen": options = options with { Listen = Address(Value()) }; break;
                case "--allow-remote": remote = true; break;
                case "--key-file": options = options with { KeyFile = Path.GetFullPath(Value()) }; break;
                case "--address-file": options = options with { AddressFile = Path.GetFullPath(Value()) }; break;
                case "--log-folder": options = options with { LogFolder = Path.GetFullPath(Value()) }; break;
                case "--largest-model": options = options with { LargestModel = Mebibytes(Value()) }; break;
                case "--rate": options = options with { Rate = Number("--rate", Value(), 0) }; break;
                case "--burst": options = options with { Burst = Number("--burst", Value(), 1) }; break;
                case "--longest-request": options = options with { LongestRequest = TimeSpan.FromSeconds(Number("--longest-request", Value(), 1)) }; break;
                case "--lease": options = options with { Lease = new LeaseSettings { Lease = Seconds(Value()) } }; break;
                case "--chores": options = options with { Chores = ChoresOf(Value()) }; break;
                case "--until-stdin-ends": options = options with { UntilStdinEnds = true }; break;
                default: throw new StartRefusedException($"unknown option {arguments[i]}\n{Usage}");
            }
        }
        if (!remote && !IPAddress.IsLoopback(options.Listen.Address))
            throw new StartRefusedException($"--listen {options.Listen} can be reached from other machines, and keys would cross the network unencrypted: listen on 127.0.0.1, or say --allow-remote and put TLS in front");
        return options;
    }

    static int Number(string option, string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= 1_000_000
            ? number
            : throw new StartRefusedException(string.Create(CultureInfo.InvariantCulture, $"{option} {text}: expected a whole number from {least} to 1000000"));

    static ChoreSettings ChoresOf(string file)
    {
        try
        {
            return ChoreSettings.Read(Path.GetFullPath(file));
        }
        catch (InvalidDataException error)
        {
            throw new StartRefusedException($"--chores {error.Message}", error);
        }
    }

    static TimeSpan Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new StartRefusedException($"--lease {text}: expected a whole number of seconds from 1 to 86400");

    static long Mebibytes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes is >= 1 and <= 1 << 20
            ? (long)mebibytes << 20
            : throw new StartRefusedException($"--largest-model {text}: expected a whole number of MiB from 1 to 1048576");

    static IPEndPoint Address(string text)
    {
        var named = text.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + text["localhost".Length..] : text;
        if (IPEndPoint.TryParse(named, out var address) && named.Contains(':') && named[^1] != ']'
            && int.TryParse(named[(named.LastIndexOf(':') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return address;
        throw new StartRefusedException($"--listen {text}: expected an address and a port, e.g. 127.0.0.1:5080 or [::1]:0");
    }
}

/// <summary>The API does not start; the message is for a person and says what to do.</summary>
sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);
