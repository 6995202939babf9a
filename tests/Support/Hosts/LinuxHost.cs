using System.Diagnostics;
using System.Globalization;

namespace KdRobust.Support;

/// <summary>A disk of a host's own, in memory, that can be filled without anybody else's noticing.</summary>
/// <param name="Folder">Where it is mounted; exists already.</param>
/// <param name="MiB">Its size.</param>
/// <param name="Owner">User it belongs to; null for us.</param>
public sealed record HostDisk(string Folder, int MiB, string? Owner = null);

/// <summary>
/// A machine of a test's own as far as Linux lets one be made: a network and disks that only programs started on it see.
/// A sleeping process holds them; they are gone with this process even when it is killed.
/// </summary>
public sealed class LinuxHost : IAsyncDisposable
{
    readonly Process holder;

    LinuxHost(Process holder, IReadOnlyList<HostDisk> disks) => (this.holder, Disks) = (holder, disks);

    /// <summary>Why no host can be made here; null when one can.</summary>
    public static string? Missing { get; } = WhyNot();

    /// <summary>Its own disks.</summary>
    public IReadOnlyList<HostDisk> Disks { get; }

    /// <summary>The process that holds it.</summary>
    public int ProcessId => holder.Id;

    /// <summary>Makes one; it has no network but its own loopback yet.</summary>
    public static async Task<LinuxHost> Start(params IReadOnlyList<HostDisk> disks)
    {
        if (Missing is { } reason)
            throw new InvalidOperationException(reason);
        var mounts = disks.Select(disk => string.Create(CultureInfo.InvariantCulture,
            $"mount -t tmpfs -o size={disk.MiB}m,mode=0700{(disk.Owner is null ? "" : $",uid={disk.Owner}")} kdr '{disk.Folder}' && "));
        var start = new ProcessStartInfo("unshare", ["--net", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", $"{string.Concat(mounts)}ip link set lo up && echo ready && exec cat"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var sleeper = Process.Start(start)!;
        if (await sleeper.StandardOutput.ReadLineAsync() == "ready")
            return new LinuxHost(sleeper, disks);
        throw new InvalidOperationException($"no host could be made: {await sleeper.StandardError.ReadToEndAsync()}");
    }

    /// <summary>Program and arguments that run a program on this host.</summary>
    public (string Program, string[] Arguments) Command(string program, params IEnumerable<string> arguments) =>
        ("nsenter", ["--target", holder.Id.ToString(CultureInfo.InvariantCulture), "--net", "--mount", "--", program, .. arguments]);

    /// <summary>A file of this host as it is reached from ours.</summary>
    public string PathOf(string path) => string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/root{path}");

    /// <summary>Runs a program on it to its end.</summary>
    /// <exception cref="InvalidOperationException">It did not end well.</exception>
    public async Task Run(string program, params IReadOnlyList<string> arguments)
    {
        var (starter, all) = Command(program, arguments);
        var done = await ChildProcess.Run(starter, all);
        if (done.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {done.Text.Trim()}");
    }

    /// <summary>Fills a disk of this host to its last page.</summary>
    public void Fill(HostDisk disk)
    {
        // Most of it at once, without writing: each piece that still fits, down to a MiB.
        var number = 0;
        for (var size = (long)disk.MiB << 20; size >= 1 << 20; size /= 2)
        {
            try
            {
                var file = string.Create(CultureInfo.InvariantCulture, $"{Filler(disk)}{number++}");
                new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, PreallocationSize = size }).Dispose();
            }
            catch (IOException)
            {
                // There is less.
            }
        }
        using var rest = new FileStream(Filler(disk), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            for (var page = new byte[1 << 12]; ;)
                rest.Write(page);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Frees what <see cref="Fill"/> took.</summary>
    public void Free(HostDisk disk)
    {
        foreach (var file in Directory.GetFiles(PathOf(disk.Folder), "filler*"))
            File.Delete(file);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        holder.Dispose();
    }

    string Filler(HostDisk disk) => PathOf(Path.Combine(disk.Folder, "filler"));

    static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux())
            return "network and mount namespaces are Linux's";
        if (!TestEnvironment.IsRoot)
            return "network and mount namespaces need root";
        foreach (var program in (string[])["unshare", "nsenter", "setpriv", "mount", "ip"])
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program))))
                return $"no program {program}, which makes network and mount namespaces: apt-get install util-linux mount iproute2";
        return Trouble("mount -t tmpfs kdr /tmp && ip link add kdr0 type veth peer name kdr1") is { } said ? $"this kernel allows no network and mount namespaces: {said}" : null;
    }

    /// <summary>What a command says that fails on a host of its own; null when it does not.</summary>
    internal static string? Trouble(string command)
    {
        try
        {
            using var tried = Process.Start(new ProcessStartInfo("unshare", ["--net", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", command])
            {
                UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            var said = tried.StandardError.ReadToEnd().Trim();
            tried.WaitForExit();
            return tried.ExitCode == 0 ? null : said;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"unshare cannot be started: {error.Message}";
        }
    }
}
