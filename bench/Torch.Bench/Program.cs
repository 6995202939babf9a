using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;

namespace KdRobust.Torch.Bench;

/// <summary>
/// Our train step and PGD-10 attack over python3-torch's, on the same libtorch, threads, weights and data, in one run:
/// blocks of both sides alternate, and the ratio is of CPU time. Prints one JSON object; messages go to stderr.
/// </summary>
internal static partial class Program
{
    private const double Bound = 1.10;

    private static readonly (string Net, string What, int Steps)[] Rows =
    [
        ("WRN-10-1", "train", 10), ("WRN-10-1", "pgd", 2), ("WRN-16-2", "train", 3), ("WRN-16-2", "pgd", 1),
    ];

    private static int Main(string[] arguments)
    {
        if (!TryParse(arguments, out var blocks, out var threads, out var batch))
        {
            Console.Error.WriteLine("usage: Torch.Bench [--blocks N (7 or more, default 15)] [--threads N (default 1)] [--batch N (default 64)]");
            return 2;
        }
        if (string.Equals(Environment.GetEnvironmentVariable("KDR_PEER"), "off", StringComparison.OrdinalIgnoreCase))
        {
            Print(new { bench = "torch", skipped = "KDR_PEER=off: the ratios need python3-torch in the same run" });
            return 0;
        }
        PinThreads(threads);
        var folder = Directory.CreateTempSubdirectory("kdr-bench-").FullName;
        try
        {
            return Measure(folder, blocks, threads, batch);
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Measure(string folder, int blocks, int threads, int batch)
    {
        torch.set_num_threads(threads);
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(7);
        var x = torch.rand([batch, 3, 32, 32]);
        var y = torch.randint(0, 10, [batch]);
        using var data = new Data(x, y);
        data.save(Path.Combine(folder, "data.dat"));
        var works = Rows.Select(row => row.Net).Distinct().ToDictionary(net => net, net => new StepWork(net, x, y, folder));

        using var peer = new Peer(Environment.GetEnvironmentVariable("KDR_PYTHON") ?? "/usr/bin/python3", folder, threads);
        var rows = new List<object>();
        var within = true;
        foreach (var (net, what, steps) in Rows)
        {
            Console.Error.WriteLine($"{net} {what}: {blocks} blocks of {steps} steps on each side");
            var pairs = new List<(Block Ours, Block Peer)>();
            for (var i = -1; i < blocks; i++)
            {
                // Who goes first alternates, so that a drift of the machine's speed favours neither. Pair -1 warms up.
                Block ours, theirs;
                if (i % 2 == 0)
                {
                    ours = works[net].Run(what, steps);
                    theirs = peer.Run(net, what, steps);
                }
                else
                {
                    theirs = peer.Run(net, what, steps);
                    ours = works[net].Run(what, steps);
                }
                if (i >= 0)
                    pairs.Add((ours, theirs));
            }
            var ratio = MedianInterval.Of(pairs.Select(pair => pair.Ours.CpuMs / pair.Peer.CpuMs));
            within &= ratio.Upper <= Bound;
            rows.Add(new
            {
                net,
                what,
                ours_ms = Median(pairs.Select(pair => pair.Ours.CpuMs)),
                peer_ms = Median(pairs.Select(pair => pair.Peer.CpuMs)),
                ratio = ratio.Median,
                ratio_lower95 = ratio.Lower,
                ratio_upper95 = ratio.Upper,
                ours_wall_ms = Median(pairs.Select(pair => pair.Ours.WallMs)),
                peer_wall_ms = Median(pairs.Select(pair => pair.Peer.WallMs)),
                blocks,
                steps,
                same_losses = pairs.All(pair => pair.Ours.Values.SequenceEqual(pair.Peer.Values)),
                ratios = pairs.Select(pair => Math.Round(pair.Ours.CpuMs / pair.Peer.CpuMs, 4)),
            });
        }
        foreach (var work in works.Values)
            work.Dispose();

        Print(new
        {
            bench = "torch",
            measure = "CPU milliseconds of the process a step; pgd is one attack of 10 steps on the batch",
            machine = Environment.MachineName,
            cpu = CpuName(),
            cores = Environment.ProcessorCount,
            load_average = LoadAverage(),
            threads,
            batch,
            versions = new { dotnet = Environment.Version.ToString(), libtorch = TorchRuntime.LoadedVersion, peer = peer.Versions },
            keeps_freed_memory = HostMemory.KeepsFreed,
            bound = Bound,
            within,
            rows,
        });
        return within ? 0 : 6;
    }

    private static double Median(IEnumerable<double> values) => Math.Round(MedianInterval.Of(values).Median, 3);

    private static void Print(object report) => Console.WriteLine(JsonSerializer.Serialize(report, new JsonSerializerOptions { WriteIndented = true }));

    private static string CpuName() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown"
        : "unknown";

    /// <summary>What else runs on the machine: others share its caches, which CPU time feels too.</summary>
    private static double[] LoadAverage() => File.Exists("/proc/loadavg")
        ? [.. File.ReadAllText("/proc/loadavg").Split(' ').Take(3).Select(value => double.Parse(value, CultureInfo.InvariantCulture))]
        : [];

    private static bool TryParse(string[] arguments, out int blocks, out int threads, out int batch)
    {
        (blocks, threads, batch) = (15, 1, 64);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || !int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var value) || value < 1)
                return false;
            switch (arguments[i])
            {
                case "--blocks" when value >= 7: blocks = value; break;
                case "--threads": threads = value; break;
                case "--batch": batch = value; break;
                default: return false;
            }
        }
        return true;
    }

    /// <summary>
    /// OpenMP and OpenBLAS read their thread counts from the environment of the C library when they are loaded, which
    /// .NET's own SetEnvironmentVariable does not reach; the peer inherits the .NET one.
    /// </summary>
    private static void PinThreads(int threads)
    {
        foreach (var name in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
        {
            Environment.SetEnvironmentVariable(name, $"{threads}");
            if (setenv(name, $"{threads}", 1) != 0)
                throw new InvalidOperationException($"The C library refused {name}={threads}.");
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    /// <summary>Images and labels as the buffers of a module, so that they are saved in the format of a state.</summary>
    private sealed class Data : torch.nn.Module
    {
        public Data(torch.Tensor x, torch.Tensor y)
            : base(nameof(Data))
        {
            register_buffer("x", x);
            register_buffer("y", y);
        }
    }
}
