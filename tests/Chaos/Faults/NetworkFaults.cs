using KdRobust.Chaos.Service;
using KdRobust.Support;

namespace KdRobust.Chaos.Faults;

/// <summary>What happens between a worker and its database, while others reach it; everything heals.</summary>
static class NetworkFaults
{
    internal static IEnumerable<Fault> Of(Arena arena)
    {
        var longest = arena.Settings.Lease * 2000;
        yield return Proxied("cut", 5, 0, (_, network) => network.Cut());
        yield return Proxied("swallow", 5, longest, (_, network) => network.Swallow());
        yield return Proxied("refuse", 3, longest, (_, network) =>
        {
            network.Refuse();
            network.Cut();
        });
        yield return Proxied("slow", 3, 2 * longest, (dice, network) => network.SlowDown(TimeSpan.FromMilliseconds(dice.Next(20, 400))));
        yield return Cabled("partition", 5, (cables, host) => cables.Part(host));
        yield return Cabled("answers-lost", 3, (cables, host) => cables.LoseAnswers(host));
        yield return Cabled("narrow", 2, (cables, host) => cables.Narrow(host));

        Fault Proxied(string name, int weight, int most, Action<Random, DatabaseProxy> wrong) => new(name, weight, async dice =>
        {
            var places = arena.Places.Where(place => place.Proxy is not null).ToList();
            var (place, milliseconds) = (places[dice.Next(places.Count)], most == 0 ? 0 : dice.Next(200, most));
            wrong(dice, place.Proxy!);
            await Task.Delay(milliseconds);
            place.Proxy!.Heal();
            return $"{name} between {place.Name} and the database for {milliseconds} ms";
        }, arena.Places.Any(place => place.Proxy is not null) ? null : "every worker has a machine of its own");

        Fault Cabled(string name, int weight, Func<HostNetwork, LinuxHost, Task> wrong) => new(name, weight, async dice =>
        {
            var places = arena.Places.Where(place => place.Host is not null).ToList();
            var (place, milliseconds) = (places[dice.Next(places.Count)], dice.Next(200, longest));
            await wrong(place.Cables!, place.Host!);
            await Task.Delay(milliseconds);
            await place.Cables!.Heal(place.Host!);
            return $"{name} between the machine of {place.Name} and the database's for {milliseconds} ms";
        }, arena.Places.Any(place => place.Host is not null) ? null : LinuxHost.Missing ?? "no worker has a machine of its own");
    }
}
