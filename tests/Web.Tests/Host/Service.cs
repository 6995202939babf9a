using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Web.Tests.Browsing;

namespace KdRobust.Web.Tests.Host;

/// <summary>One service and one browser for all tests, one test after the other: two browsers on two cores are slower than one.</summary>
[CollectionDefinition(nameof(Service))]
public sealed class ServiceCollection : ICollectionFixture<Service>;

/// <summary>The service with a browser in front of it and a worker behind it.</summary>
public sealed class Service : IAsyncLifetime
{
    Browser? browser;

    public RunningApi Api { get; } = new();

    internal StandInWorker Worker => new(Api);

    public async Task InitializeAsync()
    {
        if (new PageFactAttribute().Skip is not null) return;
        await Api.InitializeAsync();
        browser = await Browser.Start();
    }

    public async Task DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        await Api.DisposeAsync();
    }

    /// <summary>A page that nobody signed in to.</summary>
    internal Task<BrowserPage> NewPage(int width = 1280, int height = 800) => browser!.NewPage(width, height);

    /// <summary>A page signed in by the link that a person is given.</summary>
    /// <param name="owner">Whose key.</param>
    /// <param name="path">Where it goes.</param>
    /// <param name="role">What the key may do.</param>
    internal async Task<BrowserPage> SignedIn(string owner, string path = "/", ApiKeyRole role = ApiKeyRole.Submitter)
    {
        var page = await NewPage();
        await page.Open($"{Api.Address}{path}#key={await Api.Key(owner, role)}");
        await page.Until("document.querySelector('h1') !== null && kdr.text().includes('Sign out')");
        return page;
    }

    /// <summary>An owner of a test's own, so that tests see nothing of each other.</summary>
    public static string NewOwner() => $"reader-{Guid.NewGuid():N}"[..15];

    /// <summary>Claims the next job of an experiment, past those of other tests.</summary>
    internal async Task<ClaimedJob> Claim(Guid experiment)
    {
        var its = (await Api.Experiments.Jobs(experiment)).Select(j => j.Job.Id).ToHashSet();
        var passed = new List<ClaimedJob>();
        try
        {
            while (await Worker.Claim() is var job)
            {
                if (its.Contains(job.Lease.JobId)) return job;
                passed.Add(job);
            }
            throw new InvalidOperationException("nothing to claim");
        }
        finally
        {
            foreach (var other in passed) await Api.Jobs.Release(other.Lease, ReleaseReason.Drained);
        }
    }

    /// <summary>One epoch's numbers.</summary>
    public static IReadOnlyList<MetricPoint> Epoch(int epoch) =>
    [
        new(3 * epoch, MetricSeries.TrainLoss, epoch, epoch, 0.7 + 1.7 * Math.Exp(-epoch / 6.0)),
        new((3 * epoch) + 1, MetricSeries.MonitorClean, epoch, epoch, 0.75 * (1 - Math.Exp(-epoch / 5.0))),
        new((3 * epoch) + 2, MetricSeries.MonitorAdversarial, epoch, epoch, 0.42 * (1 - Math.Exp(-epoch / 7.0))),
    ];
}
