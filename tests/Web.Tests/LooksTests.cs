using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Workers;
using KdRobust.Web.Tests.Host;

namespace KdRobust.Web.Tests;

/// <summary>Every page, narrow and wide, light and dark, with work running, a failure and results: nothing hidden, nothing unreadable, nothing without a name.</summary>
[Collection(nameof(Service))]
public sealed class LooksTests(Service service)
{
    static readonly (int Width, string Scheme)[] Windows = [(380, "light"), (380, "dark"), (1600, "light"), (1600, "dark"), (760, "light")];

    [PageFact]
    public async Task Every_page_reads_well_in_every_window()
    {
        var api = service.Api;
        var owner = Service.NewOwner();
        var client = api.Client(await api.Key(owner, ApiKeyRole.Submitter));
        await new WorkerStore(Npgsql.NpgsqlDataSource.Create(api.Database.ConnectionString)).Register(new WorkerInfo("stand-in", "localhost", 1, "cpu", 8, "0.1.0", "1.13.1"));

        var done = await client.SubmitSample();
        await service.Worker.FinishAll();
        var failing = await client.SubmitSample();
        var failed = await service.Claim(failing);
        await api.Jobs.Fail(failed.Lease, new JobFailure(FailureKind.Permanent, "train.bin is cut short at byte 3073: expected 6146000 bytes. Fetch it again", "at Cifar.Read\nat TrainRun.Run"));
        var running = await client.SubmitSample();
        var job = await service.Claim(running);
        for (var epoch = 1; epoch <= 14; epoch++) await api.Metrics.Append(job.Lease, Service.Epoch(epoch));
        await api.Jobs.RecordProgress(job.Lease, new JobProgress("train", 14, 40, "epoch", 0.86, 0.704, 812, 1250));

        await using var page = await service.SignedIn(owner);
        var problems = new List<string>();
        (string Path, string Name, string Ready)[] places =
        [
            ("/", "overview", "document.querySelectorAll('[data-job]').length === 2"),
            ("/experiments", "experiments", "document.querySelectorAll('tbody tr').length === 3"),
            ($"/experiments/{running}", "running", "document.querySelectorAll('figure.chart canvas').length === 3 && document.querySelectorAll('.figure img').length === 2"),
            ($"/experiments/{done}", "done", "document.querySelectorAll('figure.chart canvas').length === 2 && document.querySelectorAll('.figure img').length === 2"),
            ($"/experiments/{failing}", "failing", "document.querySelector('.bad-notice') && document.querySelectorAll('.figure img').length === 2"),
            ($"/jobs/{failed.Lease.JobId}", "failed-job", "kdr.text().includes('Why it failed')"),
            ($"/jobs/{job.Lease.JobId}", "running-job", "document.querySelectorAll('figure.chart canvas').length === 3"),
            ("/workers", "workers", "document.querySelector('[data-worker]')"),
        ];
        foreach (var (path, name, ready) in places)
        {
            await page.Open($"{api.Address}{path}");
            await page.Until(ready);
            foreach (var (width, scheme) in Windows)
            {
                await page.Scheme(scheme);
                await page.Resize(width, 900);
                await page.Until($"innerWidth === {width} && [...document.querySelectorAll('.plot .uplot')].every(plot => plot.clientWidth <= plot.parentElement.clientWidth)");
                problems.AddRange((await page.Problems()).Select(problem => $"{name} at {width}, {scheme}: {problem}"));
                // To look at with one's own eyes.
                if (Environment.GetEnvironmentVariable("KDR_PICTURES") is { Length: > 0 } folder) await page.Picture(Path.Combine(folder, $"{name}-{width}-{scheme}.png"));
            }
        }
        problems.ShouldBeEmpty();
        page.Complaints.ShouldBeEmpty();
    }
}
