using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KdRobust.Cli.Client;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Doctor;

/// <summary>Looks at everything the service needs on this machine. Changes nothing.</summary>
static class Examination
{
    const long ComfortableFreeBytes = 5L << 30;

    /// <summary>Every finding, in the order in which things are needed.</summary>
    public static async Task<IReadOnlyList<Finding>> Examine(LocalFolders folders, Func<string, string?> environment) =>
    [
        Machine(), await Sdk(), Built(folders), Native(folders), Blas(), await Postgres(folders), Service(folders), await Answer(folders, environment), Data(folders, environment), Disk(folders), Port(), await Peer(),
    ];

    static Finding Machine()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new("machine", Health.Fine, string.Create(CultureInfo.InvariantCulture, $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores, {memory / (1 << 30)} GiB memory"));
    }

    static async Task<Finding> Sdk() => await Said("dotnet", "--version") is { } version
        ? version.StartsWith("10.", StringComparison.Ordinal) ? new("SDK", Health.Fine, $".NET SDK {version}") : new("SDK", Health.Broken, $".NET SDK {version}", "install the .NET SDK 10")
        : new("SDK", Health.Broken, "dotnet is not on the PATH", "install the .NET SDK 10");

    static Finding Built(LocalFolders folders)
    {
        var missing = new[] { "Api", "Worker" }.Where(project =>
        {
            try
            {
                _ = folders.Program(project);
                return false;
            }
            catch (CommandFailedException)
            {
                return true;
            }
        }).ToList();
        return missing.Count == 0 ? new("programs", Health.Fine, "built") : new("programs", Health.Broken, $"{string.Join(" and ", missing)} not built", "./kdr up builds them");
    }

    static Finding Native(LocalFolders folders) => NativeBuild.Find(folders) switch
    {
        { } build when build.LibtorchPath is { } path && !File.Exists(path) && !Directory.Exists(path) =>
            new("libtorch", Health.Broken, $"the native part was built for {build.Libtorch} at {path}, which is gone", "install it again, or run ./kdr up to build against another one"),
        { } build => new("libtorch", Health.Fine, $"{build.Libtorch}, {build.Cuda switch { true => "with CUDA", false => "CPU only", null => "CUDA unknown" }}{(build.LibtorchPath is { } path ? $", {path}" : "")}"),
        null => new("libtorch", Health.Broken, "the native part is not built", "./kdr up installs libtorch (Debian: libtorch-dev, or LIBTORCH=folder for another one) and builds it"),
    };

    static Finding Blas()
    {
        var link = Directory.Exists("/etc/alternatives") ? Directory.GetFiles("/etc/alternatives", "libblas.so.3-*").FirstOrDefault() : null;
        var target = link is null ? null : File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName;
        if (target is null) return new("BLAS", Health.Warning, "the system has none; a libtorch that brings its own does not need it", null);
        return target.Contains("openblas", StringComparison.OrdinalIgnoreCase)
            ? new("BLAS", Health.Fine, target)
            : new("BLAS", Health.Warning, $"{target}: the reference BLAS is up to 30 times slower", "apt-get install libopenblas0-pthread, then ./kdr up selects it");
    }

    static async Task<Finding> Postgres(LocalFolders folders)
    {
        try
        {
            var programs = PostgresPrograms.Find();
            var version = await programs.MajorVersion();
            var made = new PrivatePostgres(programs, folders.Postgres, folders.Logs).Exists;
            var text = string.Create(CultureInfo.InvariantCulture, $"{version} in {programs.Folder}, run as {programs.User ?? Environment.UserName}; database {(made ? $"in {folders.Postgres}" : "not made yet")}");
            return version >= PostgresPrograms.OldestVersion
                ? new("PostgreSQL", Health.Fine, text)
                : new("PostgreSQL", Health.Broken, text, string.Create(CultureInfo.InvariantCulture, $"{PostgresPrograms.OldestVersion} or newer is needed: {PostgresPrograms.HowToInstall}"));
        }
        catch (CommandFailedException error)
        {
            return new("PostgreSQL", Health.Broken, error.Message, "./kdr up installs it on Debian");
        }
    }

    static Finding Service(LocalFolders folders)
    {
        if (ServiceRecord.Running(folders) is not { } record) return new("service", Health.Fine, "does not run", "./kdr up starts it");
        var dead = record.Processes.Where(p => !p.Process.Alive).Select(p => p.Name).ToList();
        return dead.Count == 0
            ? new("service", Health.Fine, string.Create(CultureInfo.InvariantCulture, $"runs at {record.Address} with {record.Processes.Count} processes"))
            : new("service", Health.Warning, $"{string.Join(", ", dead)} died and is being started again", $"{folders.Logs} says why");
    }

    static async Task<Finding> Answer(LocalFolders folders, Func<string, string?> environment)
    {
        if (ServiceRecord.Running(folders) is null && environment(ServiceLocation.ServerVariable) is null) return new("API", Health.Fine, "no service to ask");
        try
        {
            using var client = new ServiceClient(ServiceLocation.Find(folders, null, environment)) { Limit = TimeSpan.FromSeconds(5) };
            var alive = (await client.Workers(CancellationToken.None)).Count(w => w.Alive);
            return alive > 0
                ? new("API", Health.Fine, string.Create(CultureInfo.InvariantCulture, $"{client.Location.Address} answers; {alive} worker(s) alive"))
                : new("API", Health.Warning, $"{client.Location.Address} answers, but no worker is alive: jobs wait", "start a worker: ./kdr down, then ./kdr up");
        }
        catch (CommandFailedException error)
        {
            return new("API", Health.Broken, error.Message);
        }
    }

    static Finding Data(LocalFolders folders, Func<string, string?> environment)
    {
        try
        {
            var data = DataFolder.Find(folders, null, environment);
            if (data is { HasImages: true })
                return new("images", Health.Fine, $"{data.Path}: {string.Join(", ", new[] { data.HasMini ? "cifar10-mini" : data.HasWhole ? "cifar10-mini (cut from cifar10)" : "", data.HasWhole ? "cifar10" : "" }.Where(n => n.Length > 0))}");
            return new("images", Health.Warning, data is null ? "none found; synthetic ones need no data" : $"{data.Path} holds no data set; synthetic images need no data", $"let {DataFolder.Variable} name the folder with cifar10-mini/ or cifar-10-batches-bin/, or ./kdr data fetch cifar10");
        }
        catch (CommandFailedException error)
        {
            return new("images", Health.Broken, error.Message);
        }
    }

    static Finding Disk(LocalFolders folders)
    {
        var root = Directory.Exists(folders.Postgres) ? folders.Postgres : LocalFolders.IsRoot ? "/var/lib" : folders.Root;
        var free = new DriveInfo(root).AvailableFreeSpace;
        return new("disk", free < ComfortableFreeBytes ? Health.Warning : Health.Fine, string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB free at {root}"),
            free < ComfortableFreeBytes ? "free some space: checkpoints and metrics go into the database there" : null);
    }

    static Finding Port()
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return new("ports", Health.Fine, "a loopback port can be listened on");
        }
        catch (SocketException error)
        {
            return new("ports", Health.Broken, $"no loopback port can be listened on: {error.Message}", "does this machine have its loopback network up (ip link set lo up)?");
        }
    }

    static async Task<Finding> Peer() => await Said("/usr/bin/python3", "-c", "import torch; print(torch.__version__)") is { } version
        ? new("python3-torch", Health.Fine, $"{version}; tests and benches compare with it")
        : new("python3-torch", Health.Fine, "not installed; needed only for some tests and benches", "./kdr test installs it");

    static async Task<string?> Said(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
            var said = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? said.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // There is no such program.
        }
    }
}
