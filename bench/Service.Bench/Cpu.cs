using System.Globalization;

namespace KdRobust.Service.Bench;

/// <summary>Processor seconds used so far: what a path costs whatever else the machine does, and so what it can give at best.</summary>
/// <param name="Api">By the API.</param>
/// <param name="Postgres">By the server's living processes.</param>
/// <param name="Client">By this program, which asks.</param>
sealed record Cpu(double Api, double Postgres, double Client)
{
    /// <summary>As it stands now.</summary>
    public static async Task<Cpu> Now(Place place)
    {
        var postmaster = int.Parse((await place.Value<string>("SELECT pg_read_file('postmaster.pid')")).Split('\n')[0], CultureInfo.InvariantCulture);
        return new(ProcessUse.CpuSeconds(place.Api.Id), ProcessUse.TreeCpuSeconds(postmaster) + ProcessUse.CpuSecondsOfEndedChildren(postmaster), ProcessUse.CpuSeconds(Environment.ProcessId));
    }

    /// <summary>Milliseconds of each, and jobs a second if all cores did nothing else.</summary>
    public object Since(Cpu before, int times) => new Spent(
        Figure.Rounded(1000 * (Api - before.Api) / times), Figure.Rounded(1000 * (Postgres - before.Postgres) / times), Figure.Rounded(1000 * (Client - before.Client) / times),
        Figure.Rounded(times * Environment.ProcessorCount / (Api - before.Api + Postgres - before.Postgres + Client - before.Client)));

    sealed record Spent(double Api, double Postgres, double Client, double PerSecondAtBest);
}
