using System.Collections.Concurrent;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;

namespace KdRobust.Service.Bench;

/// <summary>Claims by eight claimers: with nothing else in the table, and with a million jobs that have ended.</summary>
static class Claiming
{
    const int Claimers = 8, Wanted = 100_000, Finished = 1_000_000, Ready = 60_000;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var few = await load.Place("claim_few");
        await few.StartApi();
        var payload = await History.Payload(few);
        await using var many = await load.Place("claim_many");
        Load.Say($"making {Finished} jobs that have ended");
        await History.Finished(many, payload, Finished);
        await History.Ready(few, payload, Ready, "few");
        await History.Ready(many, payload, Wanted, "many");
        await using var bare = await load.Place("claim_bare");
        await History.Ready(bare, payload, Wanted, "bare");
        await few.Run(Pgbench.Table);
        await few.Run($"INSERT INTO raw_job (payload) SELECT '{payload}' FROM generate_series(1, 150000)");
        await few.Run("VACUUM ANALYZE raw_job");

        var taken = new ConcurrentDictionary<(Guid Job, long Fence), int>();
        var jobs = new ConcurrentDictionary<Guid, int>();
        var twice = 0;
        var (raw, ours, crowded, floor, rows) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<object>());
        await Claim(few, 1); // Warms up.
        for (var round = 0; round < load.Rounds; round++)
        {
            raw.Add(await Pgbench.Run(few.ConnectionString, Pgbench.Claim, Claimers, load.Seconds));
            floor.Add(await Pgbench.Run(bare.ConnectionString, Pgbench.ClaimOurRow, Claimers, load.Seconds));
            ours.Add(await Claim(few, load.Seconds));
            crowded.Add(await Claim(many, load.Seconds));
            rows.Add(new { raw = Figure.Rounded(raw[^1]), our_row_by_pgbench = Figure.Rounded(floor[^1]), ours = Figure.Rounded(ours[^1]), with_a_million_ended = Figure.Rounded(crowded[^1]) });
            Load.Say($"round {round + 1} of {load.Rounds}: {raw[^1]:0} claims/s raw, {floor[^1]:0} of our rows by pgbench, {ours[^1]:0} ours, {crowded[^1]:0} with {Finished} ended");
        }
        await Claim(many, 300); // The rest: until there is nothing.
        var left = await many.Value<long>("SELECT count(*) FROM job WHERE state = 'Queued'");
        var again = await many.Value<long>("SELECT count(*) FROM (SELECT job_id FROM job_event WHERE to_state = 'Running' GROUP BY job_id HAVING count(*) > 1) claimed");
        return Outcome.Of(
            new { claimers = Claimers, our_row_by_pgbench_over_raw = Figure.Rounded(Sample.Median(floor) / Sample.Median(raw)), claims_per_second = rows, claimed = jobs.Count, left_unclaimed = left },
            ("claim", Figure.Least(Sample.Median(ours) / Sample.Median(raw), "of raw", 0.8, "JobStore.TryClaimNext by 8 claimers of one process over pgbench's UPDATE ... SKIP LOCKED by 8 clients; ours also writes the history, tells who watches and brings inputs and resume point")),
            ("claim_flat", Figure.Most(Sample.Median(ours) / Sample.Median(crowded), "times", 1.3, "claims a second without over those with 1,000,000 ended jobs in the table")),
            ("claimed_twice", Figure.Most(twice + again, "jobs", 0, "jobs claimed twice among all claimed here, by the claimers' own count and by the history")),
            ("claimed", Figure.Least(jobs.Count, "jobs", Wanted, "jobs claimed here in all"))).WithRatios("claim");

        async Task<double> Claim(Place place, double seconds)
        {
            var store = new JobStore(place.Database, new LeaseSettings { Lease = TimeSpan.FromHours(1) });
            var (rate, _) = await Clients.Work(Claimers, seconds, async client =>
            {
                if (await store.TryClaimNext(new WorkerOffer($"bench-{client}", 1, DeviceKind.Cpu)) is not { } job) return false;
                if (!taken.TryAdd((job.Lease.JobId, job.Lease.Fence), client) || !jobs.TryAdd(job.Lease.JobId, client)) Interlocked.Increment(ref twice);
                return true;
            });
            return rate;
        }
    }
}
