using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Web.Tests.Host;

namespace KdRobust.Web.Tests;

/// <summary>What a person does with the page, in a real browser over the real service and its database.</summary>
[Collection(nameof(Service))]
public sealed class PageTests(Service service)
{
    static readonly JobFailure NoImages = new(FailureKind.Permanent, "train.bin is cut short at byte 3073: expected 6146000 bytes. Fetch it again", "at Cifar.Read\nat TrainRun.Run");

    RunningApi Api => service.Api;

    [PageFact]
    public async Task Without_a_key_the_page_says_where_one_is_and_a_wrong_one_is_refused_with_the_reason()
    {
        await using var page = await service.NewPage();
        await page.Open($"{Api.Address}/experiments");
        await page.Shows("Where is my key?");
        (await page.Problems()).ShouldBeEmpty();

        await page.Click("API key");
        await page.Type("kdr_wrong");
        await page.Press("Enter");
        await page.Shows("That key was refused: the key is unknown or revoked");

        await page.Click("API key");
        await page.Type(await Api.Key("ada", ApiKeyRole.Submitter));
        await page.Press("Enter");
        await page.Until("kdr.text().includes('Sign out') && document.querySelector('h1').innerText === 'Experiments'");
        await page.Click("Sign out");
        await page.Shows("Where is my key?");
        // The refused key is what the browser complains about, and nothing else.
        page.Complaints.ShouldAllBe(complaint => complaint.Contains("401", StringComparison.Ordinal));
    }

    [PageFact]
    public async Task A_link_with_a_key_signs_in_and_leaves_no_key_in_the_address_and_no_request_goes_elsewhere()
    {
        await using var page = await service.SignedIn(Service.NewOwner());
        await page.Shows("Nothing is running");
        (await page.Ask<string>("location.href")).ShouldBe($"{Api.Address}/");
        page.Requests.Where(address => address != "about:blank").ShouldAllBe(address => address.StartsWith(Api.Address, StringComparison.Ordinal) && !address.Contains("key=", StringComparison.Ordinal));
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_submitted_job_appears_runs_and_ends_without_a_reload()
    {
        var owner = Service.NewOwner();
        await using var page = await service.SignedIn(owner);
        await page.Shows("Nothing is running");
        var experiment = await (await Client(owner)).SubmitSample();
        await page.Shows("1 job ready");

        var job = await service.Claim(experiment);
        await page.Until($"document.querySelector('[data-job=\"{job.DisplayName}\"]') !== null");
        await Api.Jobs.RecordProgress(job.Lease, new JobProgress("train", 2, 8, "epoch", 1.61, 0.412, 350, 125));
        await page.Shows("train, epoch 2 of 8, loss 1.61, accuracy 41.2 %, 350 images/s");
        await page.Until("document.querySelector('[role=progressbar]').getAttribute('aria-valuenow') === '25'");

        await service.Worker.Finish(job);
        await page.Until("document.querySelectorAll('[role=progressbar]').length === 0");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_curve_grows_while_it_is_looked_at_and_its_numbers_can_be_read()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        await using var page = await service.SignedIn(owner, $"/experiments/{experiment}");
        await page.Shows("The first points come when the first epoch is over.");
        var job = await service.Claim(experiment);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            await Api.Metrics.Append(job.Lease, Service.Epoch(epoch));
            await page.Until($"document.querySelectorAll('figure.chart').length === 3 && [...document.querySelectorAll('figure.chart')].every(chart => chart.querySelector('canvas') && chart.querySelectorAll('tbody tr').length === {epoch})");
        }
        (await page.Ask<string>("document.querySelector('figure.chart [role=img]').getAttribute('aria-label')")).ShouldBe("Accuracy, clean images: cni from 13.6% to 33.8% at epoch 3");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_failure_is_told_with_its_reason_and_the_next_attempt_and_then_for_good()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        await using var page = await service.SignedIn(owner);
        var job = await service.Claim(experiment);
        await Api.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Transient, "CUDA out of memory: 9.1 GB more needed", ""));
        await page.Shows("CUDA out of memory: 9.1 GB more needed");
        await page.Until("/attempt 1 of \\d.{0,5}next (in \\d|due)/.test(kdr.text())");

        // Its wait is over when it can be claimed again.
        await Api.Database.Execute($"UPDATE job SET not_before = clock_timestamp() WHERE id = '{job.Lease.JobId}'");
        var again = await service.Claim(experiment);
        await Api.Jobs.Fail(again.Lease, NoImages);
        await page.Shows("1 job failed.");
        await page.Shows(NoImages.Message);
        await page.Click(job.DisplayName);
        await page.Shows("Why it failed");
        await page.Shows("The same input would fail again, so it was not tried again. No checkpoint was kept.");
        await page.Click("Details");
        await page.Shows("at TrainRun.Run");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_job_is_cancelled_after_a_question_that_says_what_follows()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        var job = await service.Claim(experiment);
        await using var page = await service.SignedIn(owner);
        await page.Click($"Cancel {job.DisplayName}");
        await page.Shows("Jobs that wait for it are cancelled too.");
        await page.Click("Keep it");
        await page.Until("document.querySelector('dialog[open]') === null");
        (await Api.Jobs.Find(job.Lease.JobId, null))!.CancelRequested.ShouldBeFalse();

        await page.Click($"Cancel {job.DisplayName}");
        await page.Click("Cancel the job");
        await page.Shows("stopping…");
        (await Api.Jobs.Heartbeat(job.Lease)).ShouldBe(HeartbeatReply.Cancel);
        await Api.Jobs.Release(job.Lease, ReleaseReason.Cancelled);
        await page.Shows("Nothing is running");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_failed_job_is_retried_and_a_waiting_one_is_paused_and_goes_on()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        var job = await service.Claim(experiment);
        await Api.Jobs.Fail(job.Lease, NoImages);
        await using var page = await service.SignedIn(owner);
        await page.Click($"Retry {job.DisplayName}");
        await page.Shows("and so is what was cancelled because of it.");
        await page.Ask<bool>("document.querySelectorAll('dialog[open] input[type=radio]')[1].click()");
        await page.Click("Retry");
        await page.Shows("1 job ready, 6 jobs waiting for others.");
        (await Api.Jobs.Find(job.Lease.JobId, null))!.State.ShouldBe(JobState.Queued);

        await page.Open($"{Api.Address}/jobs/{job.Lease.JobId}");
        await page.Click($"Pause {job.DisplayName}");
        await page.Click("Pause");
        await page.Click($"Resume {job.DisplayName}");
        await page.Click("Resume");
        await page.Until($"kdr.named('Pause {job.DisplayName}') !== null");
        (await Api.Jobs.Find(job.Lease.JobId, null))!.State.ShouldBe(JobState.Queued);
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task Keys_alone_find_an_experiment_open_its_job_and_cancel_it()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        var first = (await Api.Experiments.Jobs(experiment))[0].Job;
        await using var page = await service.SignedIn(owner);
        await page.Press("/");
        await page.Until("document.activeElement.id === 'search'");
        await page.Type("small chain");
        await page.Until("document.querySelectorAll('tbody tr').length === 1 && location.search === '?q=small+chain'");
        await page.TabTo("small");
        await page.Press("Enter");
        await page.Until("document.activeElement.tagName === 'H1' && document.activeElement.innerText === 'small'");
        await page.TabTo(first.Name);
        await page.Press("Enter");
        await page.Shows("History");
        await page.TabTo($"Cancel {first.Name}");
        await page.Press("Enter");
        await page.Until("document.querySelector('dialog[open]')?.contains(document.activeElement)");
        await page.TabTo("Cancel the job");
        await page.Press("Enter");
        await page.Shows("Why it was cancelled");
        (await Api.Jobs.Find(first.Id, null))!.State.ShouldBe(JobState.Cancelled);
        await page.Press("g");
        await page.Press("w");
        await page.Until("location.pathname === '/workers'");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task Experiments_are_found_by_words_and_state_and_nothing_found_says_so()
    {
        var owner = Service.NewOwner();
        var client = await Client(owner);
        await client.SubmitSample();
        await using var page = await service.SignedIn(owner, "/experiments?state=failed");
        await page.Shows("No experiment matches.");
        await page.Click("Show all");
        await page.Until("document.querySelectorAll('tbody tr').length === 1 && location.search === ''");
        await client.SubmitSample();
        await page.Until("document.querySelectorAll('tbody tr').length === 2");
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_key_that_only_reads_is_offered_nothing_it_may_not_do()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        await using var page = await service.SignedIn(owner, $"/experiments/{experiment}", ApiKeyRole.Reader);
        await page.Shows("(reads only)");
        await page.Until("document.querySelectorAll('table.jobs tbody tr').length > 3");
        (await page.Ask<int>("kdr.acting().filter(e => kdr.name(e).startsWith('Cancel')).length")).ShouldBe(0);
        page.Complaints.ShouldBeEmpty();
    }

    [PageFact]
    public async Task A_lost_service_is_said_and_what_happened_meanwhile_is_there_after_the_reconnect()
    {
        var owner = Service.NewOwner();
        var experiment = await (await Client(owner)).SubmitSample();
        var job = await service.Claim(experiment);
        await using var page = await service.SignedIn(owner, $"/experiments/{experiment}");
        await Api.Metrics.Append(job.Lease, Service.Epoch(1));
        await page.Until("document.querySelector('figure.chart') && kdr.text().includes('Live')");
        await page.Offline(true);
        await page.Shows("Disconnected since");
        await Api.Metrics.Append(job.Lease, Service.Epoch(2));
        await page.Offline(false);
        await page.Until("kdr.text().includes('Live') && document.querySelectorAll('figure.chart')[0].querySelectorAll('tbody tr').length === 2");
    }

    [PageFact]
    public async Task An_id_that_is_none_is_refused_with_a_way_on()
    {
        await using var page = await service.SignedIn(Service.NewOwner(), $"/experiments/{Guid.NewGuid()}");
        await page.Shows("There is nothing here");
        await page.Click("Look through all experiments");
        await page.Shows("No experiment yet.");
        page.Complaints.ShouldAllBe(complaint => complaint.Contains("404", StringComparison.Ordinal));
    }

    async Task<HttpClient> Client(string owner) => Api.Client(await Api.Key(owner, ApiKeyRole.Submitter));
}
