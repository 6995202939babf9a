using System.Text.Json.Nodes;
using KdRobust.Api.Dashboard;
using KdRobust.Api.Tests.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Dashboard;

/// <summary>What the first page is told, once and as it changes.</summary>
public sealed class OverviewTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task The_overview_is_the_callers_own_and_counts_by_kind_and_state()
    {
        var owner = await Owner();
        await owner.SubmitSample();
        var overview = (await owner.GetJson("/v1/overview"))!;
        Count(overview, "train", "queued").ShouldBe(1);
        Count(overview, "train", "blocked").ShouldBe(1);
        overview["experiments"]!.AsArray().Count.ShouldBe(1);
        var stranger = await (await Owner()).GetJson("/v1/overview");
        stranger!["jobs"]!["queues"]!.AsArray().ShouldBeEmpty();
        stranger["experiments"]!.AsArray().ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task A_job_runs_is_tried_again_and_fails_with_its_reason()
    {
        var owner = await Owner();
        var experiment = await owner.SubmitSample();
        var job = await Claim(experiment);
        await api.Jobs.RecordProgress(job.Lease, new JobProgress("train", 1, 4, "epoch", 2.1, 0.3, 100, 60));
        var running = (await owner.GetJson("/v1/overview"))!["jobs"]!["running"]!.AsArray().Single()!;
        running["progress"]!["done"]!.GetValue<double>().ShouldBe(1);
        running["experiment"]!.GetValue<Guid>().ShouldBe(experiment);
        running["worker"]!.GetValue<string>().ShouldBe("stand-in");

        await api.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Transient, "the disk is full", ""));
        var retrying = (await owner.GetJson("/v1/overview"))!["jobs"]!["retrying"]!.AsArray().Single()!;
        retrying["failure"]!["message"]!.GetValue<string>().ShouldBe("the disk is full");
        retrying["nextAttemptAt"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThan(retrying["failedAt"]?.GetValue<DateTimeOffset>() ?? DateTimeOffset.MinValue);

        await api.Database.Execute($"UPDATE job SET not_before = clock_timestamp() WHERE id = '{job.Lease.JobId}'");
        await api.Jobs.Fail((await Claim(experiment)).Lease, new JobFailure(FailureKind.Permanent, "no images", "stack"));
        var jobs = (await owner.GetJson("/v1/overview"))!["jobs"]!;
        jobs["retrying"]!.AsArray().ShouldBeEmpty();
        jobs["failures"]!.AsArray().Single()!["failure"]!["message"]!.GetValue<string>().ShouldBe("no images");
        jobs["failures"]![0]!["nextAttemptAt"].ShouldBeNull();
    }

    [PostgresFact]
    public async Task The_stream_tells_the_whole_overview_whenever_it_changed()
    {
        var owner = await Owner();
        var heard = await owner.Listen("overview", m => m.Kind == "overview" && Count(m.Content, "train", "queued") == 1, meanwhile: owner.SubmitSample);
        heard[0].Kind.ShouldBe("overview");
    }

    [PostgresFact]
    public async Task A_key_is_told_whose_it_is_and_offered_only_what_it_may_do()
    {
        var submitter = (await api.Ada.GetJson("/v1/me"))!;
        submitter["owner"]!.GetValue<string>().ShouldBe("ada");
        submitter["acts"]!.AsArray().Select(act => act!.GetValue<string>()).ShouldContain("jobs/cancel");
        submitter["acts"]!.AsArray().Select(act => act!.GetValue<string>()).ShouldContain("experiments/cancel");
        var reader = (await api.AdaReads.GetJson("/v1/me"))!;
        reader["role"]!.GetValue<string>().ShouldBe("reader");
        reader["acts"]!.AsArray().Select(act => act!.GetValue<string>()).ShouldAllBe(act => act.StartsWith("keys/", StringComparison.Ordinal), "a reader may do things to its own key alone");
    }

    [Fact]
    public void A_service_built_without_its_page_has_no_file_of_it() => new PageFiles("/nowhere").Find(PageFiles.Start).ShouldBeNull();

    static long Count(JsonNode overview, string kind, string state) =>
        overview["jobs"]!["queues"]!.AsArray().SingleOrDefault(q => q!["kind"]!.GetValue<string>() == kind && q["state"]!.GetValue<string>() == state)?["count"]!.GetValue<long>() ?? 0;

    async Task<HttpClient> Owner() => api.Client(await api.Key($"owner-{Guid.NewGuid():N}"[..18], ApiKeyRole.Submitter));

    async Task<ClaimedJob> Claim(Guid experiment)
    {
        var its = (await api.Experiments.Jobs(experiment)).Select(j => j.Job.Id).ToHashSet();
        var passed = new List<ClaimedJob>();
        try
        {
            while (await new StandInWorker(api).Claim() is var job)
            {
                if (its.Contains(job.Lease.JobId)) return job;
                passed.Add(job);
            }
            throw new InvalidOperationException("nothing to claim");
        }
        finally
        {
            foreach (var other in passed) await api.Jobs.Release(other.Lease, ReleaseReason.Drained);
        }
    }
}
