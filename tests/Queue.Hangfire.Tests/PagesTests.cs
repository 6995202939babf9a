using System.Net;
using System.Net.Http.Headers;
using System.Text;
using KdRobust.ActionWorker;
using KdRobust.Api.Hosting;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Support;
using KdRobust.Web.Tests.Browsing;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>Hangfire's pages in the API, in a real browser, over a worker that runs.</summary>
public sealed class PagesTests
{
    [BrowserFact]
    public async Task Training_is_seen_by_name_and_deleted_and_its_row_is_cancelled()
    {
        await using var stage = await HangfireStage.Open();
        await using var api = await Served.Start(stage);
        stage.StartWorker();
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(seed, 3);
        var name = $"train cni seed {seed}";

        await using var browser = await Browser.Start();
        await using var page = await browser.NewPage();
        await page.Open($"{api.AddressFor(await api.Key(ApiKeyRole.Admin))}/hangfire/jobs/processing");
        await page.Shows(name);
        await page.Ask<bool>("(window.confirm = () => true, document.querySelector('.js-jobs-list-checkbox').click(), true)");
        await page.Until("!document.querySelector('[data-url$=\"/jobs/processing/delete\"]').disabled");
        await page.Ask<bool>("(document.querySelector('[data-url$=\"/jobs/processing/delete\"]').click(), true)");
        (await stage.Stage.UntilEnded(job)).State.ShouldBe(JobState.Cancelled);
        await stage.Until(job, "Deleted");
        (await stage.Stage.Desk.Jobs.Events(job))[^1].Reason.ShouldBe("cancelled by ada");
        (await stage.Stage.Database.Scalar<long>($"SELECT count(*) FROM audit WHERE owner = 'ada' AND action = 'hangfire' AND object = 'job:{job}' AND outcome = 'requested'")).ShouldBe(1);

        await page.Open($"{api.Address}/hangfire/jobs/deleted");
        await page.Shows(name);
        // The pages of waiting jobs, of which Hangfire expects that they wait for one of its own.
        await page.Open($"{api.Address}/hangfire/jobs/awaiting");
        await page.Until("document.querySelector('#page-title') !== null");
    }

    [PostgresFact]
    public async Task Pages_show_jobs_of_a_service_without_workers()
    {
        await using var stage = await HangfireStage.Open();
        await using var api = await Served.Start(stage);
        var (job, seed) = await stage.Stage.Submit(new ActionScript());
        await stage.Until(job, "Awaiting");
        using var admin = api.Client(await api.Key(ApiKeyRole.Admin));
        (await admin.GetStringAsync("/hangfire/jobs/awaiting")).ShouldContain($"train cni seed {seed}");
    }

    [PostgresFact]
    public async Task Pages_are_an_admins_and_take_nothing_that_another_site_sends()
    {
        await using var stage = await HangfireStage.Open();
        await using var api = await Served.Start(stage);
        using var nobody = api.Client(null);
        using (var refused = await nobody.GetAsync("/hangfire"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            refused.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Basic");
        }
        using var submitter = api.Client(await api.Key(ApiKeyRole.Submitter));
        (await submitter.GetAsync("/hangfire")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await submitter.GetAsync("/hangfire/stats")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        var key = await api.Key(ApiKeyRole.Admin);
        using var admin = api.Client(null);
        admin.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{key}")));
        (await admin.GetAsync("/hangfire")).StatusCode.ShouldBe(HttpStatusCode.OK);

        var (job, _) = await stage.Stage.Submit(new ActionScript());
        await stage.Until(job, "Awaiting");
        var id = (await stage.Of(job)).HangfireId!;
        foreach (var (header, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://elsewhere.example") })
        {
            using var foreign = Delete(id);
            foreign.Headers.Add(header, value);
            (await admin.SendAsync(foreign)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }
        (await stage.Stage.Desk.StateOf(job)).ShouldBe(JobState.Queued);
        using var own = Delete(id);
        own.Headers.Add("Sec-Fetch-Site", "same-origin");
        (await admin.SendAsync(own)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await stage.Stage.Desk.StateOf(job)).ShouldBe(JobState.Cancelled);
    }

    static HttpRequestMessage Delete(string id) => new(HttpMethod.Post, "/hangfire/jobs/awaiting/delete") { Content = new FormUrlEncodedContent([new("jobs[]", id)]) };

    /// <summary>The API over a stage's database.</summary>
    sealed class Served(Microsoft.AspNetCore.Builder.WebApplication app, HangfireStage stage, string address) : IAsyncDisposable
    {
        internal string Address => address;

        internal static async Task<Served> Start(HangfireStage stage)
        {
            var options = new ApiOptions { Database = stage.Stage.Database.ConnectionString, Listen = new(IPAddress.Loopback, 0), Lease = stage.Stage.Lease };
            var app = ApiApplication.Build(options);
            return new(app, stage, await ApiProcess.Start(app, options));
        }

        internal async Task<string> Key(ApiKeyRole role)
        {
            var key = ApiKeyStore.NewKey();
            await new ApiKeyStore(stage.Stage.Database.DataSource).Add(key, "ada", role, "test");
            return key;
        }

        internal string AddressFor(string key) => new UriBuilder(address) { UserName = "ada", Password = key }.Uri.AbsoluteUri.TrimEnd('/');

        internal HttpClient Client(string? key)
        {
            var client = new HttpClient { BaseAddress = new Uri(address) };
            if (key is not null)
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return client;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}

/// <summary>A test that needs PostgreSQL and a browser; skipped with the reason where one is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = new PostgresFactAttribute().Skip ?? (Browser.Find() is null ? "there is no Chromium: ./kdr test installs it" : null);
}
