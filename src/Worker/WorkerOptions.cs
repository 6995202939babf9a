using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Telemetry;

namespace KdRobust.Worker;

/// <summary>What <c>serve</c> is started with.</summary>
sealed record WorkerOptions
{
    internal const string Usage =
        """
        usage: KdRobust.Worker serve [options]     work on the jobs of the database in KDR_DATABASE
                 --name NAME      unique among living workers (default: host name and process id)
                 --device DEVICE  cpu (default), or cuda
                 --cores N        cores its jobs may use together (default: all)
                 --gpus LIST      with cuda: indices of the GPUs to use, e.g. 0,1 (default: 0)
                 --data DIR       folder of the data sets (default: KDR_DATA, then ./data)
                 --label NAME     a label it offers to jobs that require one; may be repeated
                 --engine NAME    what wakes its slots: postgres (default), or another that was compiled in
                 --scratch DIR    local cache, temporary files and logs (default: a folder under the temporary one)
                 --temp-limit N   MiB of temporary files a run may have (default 20480)
                 --lease N        seconds a job is kept without a heartbeat (default 60)
                 --drain N        seconds a job may take to stop when the worker ends (default 30)
               KdRobust.Worker run FILE [options]  compute one spec here, without service or database
                 --data DIR       as above
                 --out DIR        where results are kept, by fingerprint, and taken up again (default .kdr/run)
                 --run N          another run of the same spec: nothing kept is used, the numbers must be the same (default 0)
                 --model FILE     weights that the spec imports, found by their SHA-256; may be repeated
                 --json           the whole report as JSON on standard output, instead of its tables
               KdRobust.Worker rows FILE [options]  the next rows of an order of rows, until a time limit
                 --state DIR      results, and what passes between visits: DIR/in, DIR/out (default .kdr/rows)
                 --data DIR       as above
                 --seconds N      stops at the next step after as many (default 86400)
                 --device DEVICE  cuda (default), or cpu
               KdRobust.Worker inspect FILE [--network JSON]  what a file of weights holds, as JSON; nothing in it is executed
                 --network JSON   architecture and noise of the network it is for: proposes renames
               KdRobust.Worker export FILE OUT  stored weights (safetensors) as .pt, .pth or .safetensors
        """;

    public required string Name { get; init; }
    public required DeviceKind Device { get; init; }
    public required int Cores { get; init; }
    public required IReadOnlyList<string> Gpus { get; init; }
    public required string? DataFolder { get; init; }
    public required string Scratch { get; init; }
    public required LeaseSettings Lease { get; init; }
    public required TimeSpan Drain { get; init; }
    public required string ConnectionString { get; init; }
    /// <summary>What wakes its slots.</summary>
    public string Engine { get; init; } = Serving.Engines.Default;
    /// <summary>Labels it offers to jobs that require some.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
    /// <summary>Bytes of temporary files a run may have.</summary>
    public long TempLimit { get; init; } = 20L << 30;

    /// <summary>Where a slot's run processes put temporary files.</summary>
    public Serving.TempFolder TempFolder(int slot) => new(Path.Combine(Scratch, "temp", slot.ToString(CultureInfo.InvariantCulture)), TempLimit);

    /// <summary>Where logs, traces and metrics are sent; null for nowhere.</summary>
    public OtlpSettings? Otlp { get; init; }

    /// <summary>Jobs that run at the same time: one a GPU, or one a core.</summary>
    public int Slots => Device == DeviceKind.Cuda ? Gpus.Count : Cores;

    /// <summary>The lock of a slot's device: a GPU for all workers of this user, a CPU slot for the workers of this name and service.</summary>
    public string LockFile(int slot)
    {
        var service = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ConnectionString)))[..12];
        return Path.Combine(
            Path.GetTempPath(), $"kdr-locks-{Environment.UserName}",
            Device == DeviceKind.Cuda ? $"cuda-{Gpus[slot]}" : string.Create(CultureInfo.InvariantCulture, $"{service}-{Name}-{slot}"));
    }

    /// <summary>Reads the options after <c>serve</c>.</summary>
    /// <exception cref="UsageException">One of them is wrong.</exception>
    internal static WorkerOptions Parse(ReadOnlySpan<string> line)
    {
        var words = line.ToArray().ToList();
        var labels = LabelsOf(words);
        var options = CommandLine.Options([.. words], "--name", "--device", "--cores", "--gpus", "--data", "--engine", "--scratch", "--temp-limit", "--lease", "--drain");
        var name = options.GetValueOrDefault("--name") ?? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}");
        if (name.Length is 0 or > 100 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw new UsageException($"--name '{name}': expected 1 to 100 letters, digits, '-', '_' or '.'");
        return new WorkerOptions
        {
            Name = name,
            Device = options.GetValueOrDefault("--device") switch
            {
                null or "cpu" => DeviceKind.Cpu,
                "cuda" => DeviceKind.Cuda,
                var other => throw new UsageException($"--device '{other}': expected cpu or cuda"),
            },
            Cores = CommandLine.Integer(options, "--cores", Environment.ProcessorCount, 1, 4096),
            Gpus = Indices(options.GetValueOrDefault("--gpus") ?? "0"),
            Engine = Serving.Engines.Checked(options.GetValueOrDefault("--engine") ?? Serving.Engines.Default),
            Labels = labels,
            TempLimit = (long)CommandLine.Integer(options, "--temp-limit", 20_480, 1, int.MaxValue) << 20,
            DataFolder = CommandLine.DataFolder(options),
            Scratch = Path.GetFullPath(options.GetValueOrDefault("--scratch") ?? Path.Combine(Path.GetTempPath(), $"kdr-scratch-{Environment.UserName}", name)),
            Lease = new LeaseSettings { Lease = TimeSpan.FromSeconds(CommandLine.Integer(options, "--lease", 60, 1, 86_400)) },
            Drain = TimeSpan.FromSeconds(CommandLine.Integer(options, "--drain", 30, 0, 3600)),
            ConnectionString = Connection(Environment.GetEnvironmentVariable(Database.Variable)),
            Otlp = Collector(),
        };
    }

    // --label may be repeated; the words it takes are removed.
    static List<string> LabelsOf(List<string> words)
    {
        var labels = new List<string>();
        for (var at = words.IndexOf("--label"); at >= 0; at = words.IndexOf("--label"))
        {
            if (at + 1 == words.Count || !RequirementsSpec.IsLabel(words[at + 1]))
                throw new UsageException($"--label '{(at + 1 == words.Count ? "" : words[at + 1])}': expected {RequirementsSpec.LabelForm}");
            labels.Add(words[at + 1]);
            words.RemoveRange(at, 2);
        }
        return [.. labels.Distinct(StringComparer.Ordinal)];
    }

    static string Connection(string? database)
    {
        if (string.IsNullOrEmpty(database))
            throw new UsageException($"{Database.Variable} is not set: let it hold the connection string of the service's PostgreSQL, e.g. Host=localhost;Database=kdr");
        return Database.Malformed(database) is { } problem
            ? throw new UsageException($"{Database.Variable} is not a connection string of Npgsql, e.g. Host=localhost;Database=kdr: {problem}", optionsHelp: false)
            : database;
    }

    static OtlpSettings? Collector()
    {
        try
        {
            return OtlpSettings.Read(Environment.GetEnvironmentVariable);
        }
        catch (TelemetrySettingException error)
        {
            throw new UsageException(error.Message, optionsHelp: false);
        }
    }

    static string[] Indices(string list)
    {
        var indices = list.Split(',');
        return indices.All(index => int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out _)) && indices.Distinct(StringComparer.Ordinal).Count() == indices.Length
            ? indices
            : throw new UsageException($"--gpus '{list}': expected different indices, e.g. 0,1");
    }
}
