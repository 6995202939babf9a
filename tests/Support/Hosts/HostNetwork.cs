using System.Globalization;

namespace KdRobust.Support;

/// <summary>
/// Cables between one host and others, each a link of its own: pulled, one-sided, narrow, or lossy. The addresses (RFC 2544's
/// range for benchmarks) exist only on these hosts.
/// </summary>
/// <param name="center">The host all cables lead to, e.g. the database's.</param>
public sealed class HostNetwork(LinuxHost center)
{
    readonly Dictionary<LinuxHost, int> cables = [];
    int last;

    /// <summary>Why packets cannot be delayed and lost here; null when they can.</summary>
    public static string? NoLoss { get; } =
        LinuxHost.Missing ?? (LinuxHost.Trouble("tc qdisc add dev lo root netem delay 1ms") is { } said ? $"this kernel cannot delay and lose packets (sch_netem): {said}" : null);

    /// <summary>Lays a cable.</summary>
    /// <returns>The center's address as this host reaches it.</returns>
    public async Task<string> Join(LinuxHost host)
    {
        var number = Interlocked.Increment(ref last);
        await center.Run("ip", "link", "add", Near(number), "type", "veth", "peer", "name", Far(number));
        await center.Run("ip", "link", "set", Far(number), "netns", host.ProcessId.ToString(CultureInfo.InvariantCulture));
        await center.Run("ip", "address", "add", $"{Address(number, 1)}/30", "dev", Near(number));
        await center.Run("ip", "link", "set", Near(number), "up");
        await host.Run("ip", "address", "add", $"{Address(number, 2)}/30", "dev", Far(number));
        await host.Run("ip", "link", "set", Far(number), "up");
        lock (cables)
            cables[host] = number;
        return Address(number, 1);
    }

    /// <summary>Pulls the cable: nothing comes through, and nobody is told.</summary>
    public Task Part(LinuxHost host) => center.Run("ip", "link", "set", Near(Cable(host)), "down");

    /// <summary>What the host sends arrives, and no answer does.</summary>
    public Task LoseAnswers(LinuxHost host) =>
        center.Run("ip", "neighbour", "replace", Address(Cable(host), 2), "lladdr", "02:00:00:00:00:99", "dev", Near(Cable(host)), "nud", "permanent");

    /// <summary>So narrow that data waits and what waits too long is dropped.</summary>
    public Task Narrow(LinuxHost host) =>
        center.Run("tc", "qdisc", "replace", "dev", Near(Cable(host)), "root", "tbf", "rate", "512kbit", "burst", "8kb", "latency", "300ms");

    /// <summary>Each packet is late, and some never arrive; only where the kernel can.</summary>
    /// <exception cref="InvalidOperationException">This kernel cannot: the message says why.</exception>
    public Task DelayAndLose(LinuxHost host, int milliseconds, int percent) =>
        center.Run("tc", "qdisc", "replace", "dev", Near(Cable(host)), "root", "netem", "delay", string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms"), "loss", string.Create(CultureInfo.InvariantCulture, $"{percent}%"));

    /// <summary>As it was at first.</summary>
    public async Task Heal(LinuxHost host)
    {
        var number = Cable(host);
        await center.Run("ip", "link", "set", Near(number), "up");
        // Whether there was a wrong neighbour or a queue does not matter: afterwards there is none.
        await center.Run("/bin/sh", "-c", $"ip neighbour delete {Address(number, 2)} dev {Near(number)}; tc qdisc delete dev {Near(number)} root; true");
    }

    int Cable(LinuxHost host)
    {
        lock (cables)
            return cables[host];
    }

    static string Near(int number) => string.Create(CultureInfo.InvariantCulture, $"near{number}");

    static string Far(int number) => string.Create(CultureInfo.InvariantCulture, $"far{number}");

    // One /30 a cable: 64 of them in each block of 256.
    static string Address(int number, int end) => string.Create(CultureInfo.InvariantCulture, $"198.18.{number / 64}.{(number % 64 * 4) + end}");
}
